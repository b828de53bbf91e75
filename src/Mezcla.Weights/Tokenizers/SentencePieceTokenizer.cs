using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Mezcla.BytePairs;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>The type of a SentencePiece token. The numbers are those of SentencePiece's model files and of GGUF.</summary>
public enum SentencePieceType
{
    /// <summary>A string of characters.</summary>
    Normal = 1,

    /// <summary>The unknown token, which stands for text without a token in vocabularies without byte tokens.</summary>
    Unknown = 2,

    /// <summary>A control token, which does not occur in text, such as the one for the start of a text.</summary>
    Control = 3,

    /// <summary>A string that is always one token.</summary>
    UserDefined = 4,

    /// <summary>A token that may occur during merging but not in the result; not supported.</summary>
    Unused = 5,

    /// <summary>One byte, written like <c>&lt;0x0A&gt;</c>.</summary>
    Byte = 6,
}

/// <summary>A token of a SentencePiece vocabulary.</summary>
/// <param name="Text">Its characters, with <c>▁</c> (U+2581) for a space.</param>
/// <param name="Score">Merges are done in the order of the scores of their results, highest first.</param>
/// <param name="Type">What it is.</param>
public readonly record struct SentencePiece(string Text, float Score, SentencePieceType Type);

/// <summary>Where a SentencePiece tokenizer adds a space that is not in the text, so that a word gives the same token at the start of a
/// text as later.</summary>
public enum SpacePrefix
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>At the start of a text that starts neither with an added token nor with a
    /// space (later Llama 2 files in Hugging Face's form).</summary>
    Start,

    /// <summary>At the start and after each added token, that is, each token found in the text before merging (llama.cpp, and Llama 2 in
    /// Hugging Face's form).</summary>
    EachPart,

    /// <summary>Like <see cref="EachPart"/>, but not where the text already has a space.</summary>
    EachPartWithoutSpace,

    /// <summary>At the start and after control tokens, but not after user-defined ones (SentencePiece).</summary>
    StartAndAfterControl,
}

/// <summary>
/// Byte-pair encoding as in SentencePiece (Kudo and Richardson 2018), which Llama 1 and 2, Mistral and Mixtral use. It merges characters,
/// not bytes. Two neighbours can merge if their joined text is a token; the token with the highest score comes first. A space is written as
/// the character <c>▁</c>. A character that has no token at the end becomes its UTF-8 bytes (byte fallback).
/// </summary>
public sealed class SentencePieceTokenizer : Tokenizer
{
    private readonly SentencePiece[] _pieces;
    private readonly byte[]?[] _output;
    private readonly Vocabulary _vocabulary; // the bytes of the pieces that merging may make
    private readonly MergeTable _merges;
    private readonly int[] _byteIds = [.. Enumerable.Repeat(-1, 256)];
    private readonly int _unknown = -1;
    private readonly bool _cutAtSpaces;
    private readonly bool[] _whole;

    /// <summary>Makes the tokenizer of a vocabulary with scores: the id of a piece is its index in the list.</summary>
    /// <exception cref="ArgumentException">Two pieces are the same, a byte piece names no byte, or
    /// there is neither an unknown token nor one for every byte.</exception>
    public SentencePieceTokenizer(IReadOnlyList<SentencePiece> pieces, SpacePrefix prefix = SpacePrefix.EachPart)
        : this(pieces, prefix, null) { }

    /// <summary>Makes the tokenizer of a vocabulary with merges, as in <c>tokenizer.json</c>.</summary>
    /// <param name="pieces">The vocabulary: the id of a piece is its index in the list.</param>
    /// <param name="prefix">Where a space that is not in the text is added.</param>
    /// <param name="merges">Pairs of pieces by rank; null to merge by the scores of the pieces.</param>
    /// <exception cref="ArgumentException">As in the other constructor, or a merge names a piece that is not in the vocabulary.</exception>
    public SentencePieceTokenizer(IReadOnlyList<SentencePiece> pieces, SpacePrefix prefix,
        IReadOnlyList<(string Left, string Right)>? merges)
        : base(Added(pieces, SentencePieceType.Control, SentencePieceType.Unknown), Added(pieces, SentencePieceType.UserDefined))
    {
        (_pieces, Prefix) = ([.. pieces], prefix);
        _output = new byte[]?[_pieces.Length];
        var mergeable = new byte[]?[_pieces.Length];
        for (var id = 0; id < _pieces.Length; id++)
        {
            var (text, _, type) = _pieces[id];
            switch (type)
            {
                case SentencePieceType.Byte:
                    var b = ParseByte(text)
                        ?? throw new ArgumentException($"The byte token {id} is '{text}'; a byte is written like <0x0A>.", nameof(pieces));
                    _byteIds[b] = id;
                    _output[id] = [b];
                    break;
                case SentencePieceType.Unknown:
                    _unknown = id;
                    break;
                case SentencePieceType.Normal:
                    mergeable[id] = Encoding.UTF8.GetBytes(text);
                    _output[id] = Encoding.UTF8.GetBytes(text.Replace('▁', ' '));
                    break;
                case SentencePieceType.Control or SentencePieceType.UserDefined:
                    break;
                default:
                    throw new ArgumentException($"Token {id}, '{text}', is of the type {type}, which is not supported.", nameof(pieces));
            }
        }
        if (_unknown < 0 && _byteIds.Contains(-1))
            throw new ArgumentException(
                "The vocabulary has neither an unknown token nor a token for each byte, so it cannot encode every text.", nameof(pieces));
        _vocabulary = new Vocabulary(mergeable);
        _merges = merges is null ? MergesByScore() : MergesByRank(merges);
        // If no token has a space after another character, no merge joins a word to the space before the next word, so each word can be
        // merged separately.
        _cutAtSpaces = !_pieces.Any(p => p.Type == SentencePieceType.Normal && p.Text.TrimStart('▁').Contains('▁'));
        _whole = new bool[_pieces.Length];
        var ids = new List<int>();
        for (var id = 0; id < _pieces.Length; id++)
        {
            if (mergeable[id] is not { Length: > 0 } bytes)
                continue;
            ids.Clear();
            MergeWord(bytes, ids);
            _whole[id] = ids.Count == 1 && ids[0] == id;
        }
    }

    /// <inheritdoc/>
    public override int VocabularySize => _pieces.Length;

    /// <summary>The vocabulary by id.</summary>
    public IReadOnlyList<SentencePiece> Pieces => _pieces;

    /// <summary>The pairs of ids that merge, in order of rank, without those of a character that has no token.</summary>
    public IEnumerable<(int Left, int Right)> Merges => _merges.InOrder().Where(m => m.Left < _pieces.Length && m.Right < _pieces.Length);

    /// <summary>Where a space that is not in the text is added.</summary>
    public SpacePrefix Prefix { get; }

    /// <summary>The text of a sequence of ids, without the spaces that encoding put before it and after special tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public override string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        for (int start = 0, end; start < ids.Length; start = end)
        {
            var added = IsAdded(ids[start]);
            for (end = start + 1; !added && end < ids.Length && !IsAdded(ids[end]);)
                end++;
            var part = base.Decode(ids[start..end]);
            var before = start == 0 ? -1 : ids[start - 1];
            text.Append(!added && part.StartsWith(' ') && AddsSpace(before, HasSpace(part.AsSpan(1))) ? part[1..] : part);
        }
        return text.ToString();
    }

    /// <inheritdoc/>
    public override bool AddsSpace(int before, ReadOnlySpan<byte> part) =>
        (before < 0 || IsAdded(before)) && AddsSpace(before, part.StartsWith(" "u8) || part.StartsWith("▁"u8));

    /// <inheritdoc/>
    protected override void EncodeOrdinary(ReadOnlySpan<char> part, List<int> ids, int? before)
    {
        // SentencePiece treats a user-defined symbol as text, so it also adds a space before one at the start.
        var symbolAtStart = Prefix == SpacePrefix.StartAndAfterControl && before is { } id
            && _pieces[id].Type == SentencePieceType.UserDefined;
        if (part.Length == 0 && !symbolAtStart)
            return;
        var spaced = string.Concat(AddsSpace(ids.Count == 0 ? -1 : ids[^1], HasSpace(part)) ? "▁" : "", part).Replace(' ', '▁');
        var utf8 = Encoding.UTF8.GetBytes(spaced);
        for (int start = 0, end; start < utf8.Length; start = end)
        {
            end = _cutAtSpaces ? WordEnd(utf8, start) : utf8.Length;
            var word = utf8.AsSpan(start, end - start);
            var whole = _vocabulary.Find(word);
            if (whole >= 0 && _whole[whole])
                ids.Add(whole);
            else
                MergeWord(word, ids);
        }
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> OrdinaryBytes(int id) =>
        (uint)id < (uint)_output.Length && _output[id] is { } bytes ? bytes : throw NoSuchId(id);

    private static Dictionary<string, int> Added(IReadOnlyList<SentencePiece> pieces, params SentencePieceType[] types)
    {
        var added = new Dictionary<string, int>();
        for (var id = 0; id < pieces.Count; id++)
        {
            var text = pieces[id].Text.Replace('▁', ' ');
            if (types.Contains(pieces[id].Type) && !added.TryAdd(text, id))
                throw new ArgumentException($"Ids {added[text]} and {id} are both the token '{text}'.", nameof(pieces));
        }
        return added;
    }

    /// <summary>The byte that a token such as <c>&lt;0x0A&gt;</c> stands for; null if the text has another form.</summary>
    public static byte? ParseByte(string text) =>
        text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
        && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var b) ? b : null;

    private static bool HasSpace(ReadOnlySpan<char> part) => part is [' ' or '▁', ..];

    // before: the added token before the part, -1 at the start of the text; spaced: whether the part begins with a space.
    private bool AddsSpace(int before, bool spaced) => Prefix switch
    {
        SpacePrefix.Never => false,
        SpacePrefix.EachPart => true,
        SpacePrefix.Start or SpacePrefix.EachPartWithoutSpace => (before < 0 || Prefix != SpacePrefix.Start) && !spaced,
        _ => before < 0 || _pieces[before].Type != SentencePieceType.UserDefined,
    };

    // The spaces and the word after them.
    private static int WordEnd(ReadOnlySpan<byte> utf8, int start)
    {
        var space = "▁"u8;
        var end = start;
        while (utf8[end..].StartsWith(space))
            end += space.Length;
        var next = utf8[end..].IndexOf(space);
        return next < 0 ? utf8.Length : end + next;
    }

    private void MergeWord(ReadOnlySpan<byte> word, List<int> ids)
    {
        var start = ids.Count;
        for (int at = 0, length; at < word.Length; at += length)
            ids.Add(Symbol(word, at, out length));
        var count = Merging.Merge(_merges, CollectionsMarshal.AsSpan(ids)[start..]);
        int[] merged = [.. CollectionsMarshal.AsSpan(ids).Slice(start, count)];
        CollectionsMarshal.SetCount(ids, start);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var id in merged)
        {
            if (id < _pieces.Length)
            {
                ids.Add(id);
                continue;
            }
            foreach (var b in utf8[..new Rune(id - _pieces.Length).EncodeToUtf8(utf8)])
                // Consecutive characters without tokens become one unknown token.
                if (_byteIds[b] >= 0)
                    ids.Add(_byteIds[b]);
                else if (ids.Count == start || ids[^1] != _unknown)
                    ids.Add(_unknown);
        }
    }

    // The id of a character. A character without a token gets its code point plus the number of ids, so that it can still take part in
    // merges.
    private int Symbol(ReadOnlySpan<byte> text, int at, out int length)
    {
        Rune.DecodeFromUtf8(text[at..], out var rune, out length);
        var id = _vocabulary.Find(text.Slice(at, length));
        return id >= 0 ? id : _pieces.Length + rune.Value;
    }

    private MergeTable MergesByScore()
    {
        var merges = new MergeTable(_pieces.Length * 2);
        var rank = -1;
        var last = float.NaN;
        foreach (var id in Enumerable.Range(0, _pieces.Length).OrderByDescending(id => _pieces[id].Score))
        {
            if (_pieces[id].Score != last)
                (last, rank) = (_pieces[id].Score, rank + 1);
            var token = _vocabulary[id];
            if (token.Length > Vocabulary.LongestCut)
                throw new ArgumentException($"Token {id} has {token.Length} bytes, more than {Vocabulary.LongestCut}.");
            Symbol(token, 0, out var first);
            for (int cut = first, length; cut < token.Length; cut += length)
            {
                Symbol(token, cut, out length);
                if (Part(token[..cut]) is var left and >= 0 && Part(token[cut..]) is var right and >= 0)
                    merges.Add(left, right, rank, id);
            }
        }
        return merges;
    }

    private int Part(ReadOnlySpan<byte> text)
    {
        var id = _vocabulary.Find(text);
        if (id >= 0)
            return id;
        var symbol = Symbol(text, 0, out var length);
        return length == text.Length ? symbol : -1;
    }

    private MergeTable MergesByRank(IReadOnlyList<(string Left, string Right)> merges)
    {
        var table = new MergeTable(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            table.Add(Id(left), Id(right), rank, Id(left + right));

            int Id(string text) => _vocabulary.Find(Encoding.UTF8.GetBytes(text)) is var id and >= 0 ? id
                : throw new ArgumentException($"Merge {rank} names '{text}', which the vocabulary lacks.", nameof(merges));
        }
        return table;
    }
}
