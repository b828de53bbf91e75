using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Mezcla.BytePairs;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// A tokenizer that does the steps of its <c>tokenizer.json</c> one after another, as Hugging Face's tokenizers library does: a normalizer
/// rewrites the text, pre-tokenizers cut it into pieces, and byte-pair merging turns each piece into ids (Qwen, OLMo, Pythia, Gemma).
/// Files whose steps are those of <see cref="BytePairTokenizer"/> or <see cref="SentencePieceTokenizer"/> are read as these, which are
/// faster.
/// </summary>
public sealed class PipelineTokenizer : Tokenizer
{
    // Pieces are mostly words, and most words come again.
    private const int MostCached = 1 << 16, LongestCached = 64;

    private readonly Settings _settings;
    private readonly MergeTable _merges;
    private readonly Dictionary<int, byte[]> _output = [];
    private readonly int[]? _byteIds;
    private readonly int _unknown = -1;
    private readonly Dictionary<string, int> _normalizedTokens = [];
    private readonly SearchValues<string> _search;
    private readonly ConcurrentDictionary<string, int[]> _cache = new();

    /// <summary>What a file says.</summary>
    internal sealed record Settings
    {
        public required string Json { get; init; }
        public required Dictionary<string, int> Vocabulary { get; init; }
        public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }
        public required Dictionary<string, int> Special { get; init; }

        /// <summary>Added tokens that are found in the text as it is.</summary>
        public required Dictionary<string, int> Always { get; init; }

        /// <summary>Added tokens that are found in the normalized text.</summary>
        public required Dictionary<string, int> AlwaysNormalized { get; init; }

        public Func<string, string>? Normalize { get; init; }
        public Func<TextPiece, IEnumerable<TextPiece>>? Cut { get; init; }
        public string? Unknown { get; init; }
        public bool FuseUnknown { get; init; }
        public bool ByteFallback { get; init; }
        public bool WholePieces { get; init; }
        public required TokenText Text { get; init; }
    }

    /// <summary>How tokens become text again.</summary>
    /// <param name="OnBytes">Whether a character of a token stands for a byte.</param>
    /// <param name="Space">What stands for a space; null for nothing.</param>
    /// <param name="Before">What is put before each token.</param>
    /// <param name="DropsFirstSpace">Whether a space at the start of the text is left out.</param>
    internal sealed record TokenText(bool OnBytes, string? Space = null, string Before = "", bool DropsFirstSpace = false);

    /// <exception cref="FormatException">The vocabulary and the merges do not fit together.</exception>
    internal PipelineTokenizer(Settings settings) : base(settings.Special, settings.Always)
    {
        _settings = settings;
        var vocabulary = settings.Vocabulary;
        foreach (var (token, id) in vocabulary.Concat(settings.AlwaysNormalized))
        {
            if (id < 0)
                throw new FormatException($"the token '{token}' has the id {id}, which is negative");
            if (!_output.TryAdd(id, OutputOf(token, added: settings.AlwaysNormalized.ContainsKey(token)))
                && settings.AlwaysNormalized.GetValueOrDefault(token, -1) != id)
                throw new FormatException($"the token '{token}' has the id {id}, which another token has too");
        }
        VocabularySize = _output.Keys.Concat(settings.Special.Values).Concat(settings.Always.Values).Append(-1).Max() + 1;
        if (VocabularySize - 1 > _output.Count * 4L + 100_000)
            throw new FormatException($"it has {_output.Count} tokens, but an id as large as {VocabularySize - 1}");
        if (settings.Unknown is { } unknown && !vocabulary.TryGetValue(unknown, out _unknown))
            throw new FormatException($"its unknown token '{unknown}' is not in the vocabulary");
        if (settings.ByteFallback)
            _byteIds = [.. Enumerable.Range(0, 256).Select(b => vocabulary.GetValueOrDefault($"<0x{b:X2}>", -1))];
        _merges = new MergeTable(settings.Merges.Count);
        foreach (var (rank, (left, right)) in settings.Merges.Index())
            _merges.Add(Id(left), Id(right), rank, Id(left + right));
        foreach (var (token, id) in settings.AlwaysNormalized)
            if ((settings.Normalize?.Invoke(token) ?? token) is { Length: > 0 } normalized)
                _normalizedTokens.TryAdd(normalized, id);
        _search = SearchValues.Create([.. _normalizedTokens.Keys], StringComparison.Ordinal);

        int Id(string token) => vocabulary.TryGetValue(token, out var id)
            ? id
            : throw new FormatException($"a merge names '{token}', which the vocabulary lacks");
    }

    /// <inheritdoc/>
    public override int VocabularySize { get; }

    /// <summary>The file that it was read from.</summary>
    internal string Json => _settings.Json;

    /// <summary>The tokens that merging produces, and those of bytes; not the added ones, unless the file has them here too.</summary>
    internal IReadOnlyDictionary<string, int> Vocabulary => _settings.Vocabulary;

    /// <summary>The merges, in their order.</summary>
    internal IReadOnlyList<(string Left, string Right)> Merges => _settings.Merges;

    /// <summary>Whether it does more than cut text and merge bytes.</summary>
    internal bool HasOtherSteps => _settings is not
    {
        Unknown: null, ByteFallback: false, WholePieces: false, AlwaysNormalized.Count: 0, Text: { OnBytes: true, Before: "" }
    };

    /// <inheritdoc/>
    public override bool AddsSpace(int before, ReadOnlySpan<byte> part) => before < 0 && _settings.Text.DropsFirstSpace;

    /// <inheritdoc/>
    public override string Decode(ReadOnlySpan<int> ids)
    {
        var text = base.Decode(ids);
        return _settings.Text.DropsFirstSpace && text.StartsWith(' ') ? text[1..] : text;
    }

    /// <inheritdoc/>
    protected override void EncodeOrdinary(ReadOnlySpan<char> part, List<int> ids, int? before)
    {
        if (part.Length == 0)
            return;
        var first = ids.Count == 0;
        // A surrogate without its partner becomes U+FFFD.
        var text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(part.ToString()));
        text = _settings.Normalize?.Invoke(text) ?? text;
        var done = 0;
        for (int from = 0, hit; from < text.Length && (hit = text.AsSpan(from).IndexOfAny(_search)) >= 0;)
        {
            from += hit;
            var token = LongestAt(text, from);
            EncodeBetween(text[done..from], first && done == 0, ids);
            ids.Add(_normalizedTokens[token]);
            done = from += token.Length;
        }
        EncodeBetween(text[done..], first && done == 0, ids);
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> OrdinaryBytes(int id) => _output.TryGetValue(id, out var bytes) ? bytes : throw NoSuchId(id);

    private string LongestAt(string text, int at)
    {
        var longest = "";
        foreach (var token in _normalizedTokens.Keys)
            if (token.Length > longest.Length && text.AsSpan(at).StartsWith(token, StringComparison.Ordinal))
                longest = token;
        return longest;
    }

    private byte[] OutputOf(string token, bool added)
    {
        if (added)
            return Encoding.UTF8.GetBytes(token);
        var text = _settings.Text;
        if (_settings.ByteFallback && SentencePieceTokenizer.ParseByte(token) is { } b)
            return [b];
        if (text.OnBytes && token.All(ByteAlphabet.Contains))
            return ByteAlphabet.ToBytes(token);
        return Encoding.UTF8.GetBytes(text.Before + (string.IsNullOrEmpty(text.Space) ? token : token.Replace(text.Space, " ")));
    }

    private void EncodeBetween(string text, bool first, List<int> ids)
    {
        if (text.Length == 0)
            return;
        foreach (var piece in _settings.Cut?.Invoke(new(text, first)) ?? [new(text, first)])
            EncodePiece(piece.Text, ids);
    }

    private void EncodePiece(string piece, List<int> ids)
    {
        if (_settings.WholePieces && _settings.Vocabulary.TryGetValue(piece, out var whole))
        {
            ids.Add(whole);
            return;
        }
        if (_cache.TryGetValue(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }
        var start = ids.Count;
        AddCharacters(piece, ids);
        CollectionsMarshal.SetCount(ids, start + Merging.Merge(_merges, CollectionsMarshal.AsSpan(ids)[start..]));
        if (piece.Length <= LongestCached && _cache.Count < MostCached)
            _cache.TryAdd(piece, [.. CollectionsMarshal.AsSpan(ids)[start..]]);
    }

    // The ids of the characters. One without a token becomes its bytes if all of them have tokens, or else the unknown token; neighbours
    // that are unknown may become one. Without an unknown token it is left out, as Hugging Face's library does.
    private void AddCharacters(string piece, List<int> ids)
    {
        var vocabulary = _settings.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> characters = stackalloc char[2];
        Span<byte> utf8 = stackalloc byte[4];
        var pending = false;
        foreach (var rune in piece.EnumerateRunes())
        {
            if (vocabulary.TryGetValue(characters[..rune.EncodeToUtf16(characters)], out var id))
            {
                Flush();
                ids.Add(id);
                continue;
            }
            var bytes = utf8[..rune.EncodeToUtf8(utf8)];
            if (HasAll(bytes))
            {
                foreach (var b in bytes)
                    ids.Add(_byteIds![b]);
                continue;
            }
            if (!_settings.FuseUnknown)
                Flush();
            pending = _unknown >= 0;
        }
        Flush();

        void Flush()
        {
            if (pending)
                ids.Add(_unknown);
            pending = false;
        }
    }

    private bool HasAll(ReadOnlySpan<byte> bytes)
    {
        if (_byteIds is null)
            return false;
        foreach (var b in bytes)
            if (_byteIds[b] < 0)
                return false;
        return true;
    }
}
