using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Mezcla.BytePairs;

namespace Mezcla.Tokenization;

/// <summary>
/// Byte-pair encoding on the bytes of UTF-8 text, as GPT-2 introduced it (Radford et al. 2019): the text is cut into pieces by a
/// <see cref="SplitPattern"/>; in each piece the bytes are merged pair by pair, in the order in which training found the pairs. Every
/// string can be encoded, and decoding its ids gives the same string.
/// </summary>
public sealed class BytePairTokenizer : Tokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly MergeTable _merges;
    private readonly int[] _byteIds = new int[256];
    private readonly bool[]? _whole;

    /// <summary>Makes a tokenizer from a vocabulary and its merges.</summary>
    /// <param name="vocabulary">The bytes of each id.</param>
    /// <param name="merges">The pairs that merge, with their ranks.</param>
    /// <param name="wholePieces">Whether a piece that is itself a token becomes that token, whatever the merges say (tiktoken, and
    /// <c>ignore_merges</c> in Hugging Face's files).</param>
    /// <param name="pattern">How text is split into pieces before merging.</param>
    /// <param name="specialTokens">The special tokens and their ids.</param>
    /// <param name="addPrefixSpace">Whether a text that starts without a space is encoded as if it had one.</param>
    /// <param name="always">Tokens that no merge produces, but that are recognised wherever the text contains them.</param>
    /// <exception cref="ArgumentException">A byte has no token.</exception>
    public BytePairTokenizer(Vocabulary vocabulary, MergeTable merges, bool wholePieces, SplitPattern pattern,
        IEnumerable<KeyValuePair<string, int>> specialTokens, bool addPrefixSpace = false, IReadOnlyDictionary<string, int>? always = null)
        : base(specialTokens, always)
    {
        (_vocabulary, _merges, Pattern, WholePieces, AddPrefixSpace) = (vocabulary, merges, pattern, wholePieces, addPrefixSpace);
        VocabularySize = SpecialTokens.Values.Concat(always?.Values ?? []).Append(vocabulary.Count - 1).Max() + 1;
        for (var b = 0; b < 256; b++)
        {
            _byteIds[b] = vocabulary.Find([(byte)b]);
            if (_byteIds[b] < 0)
                throw new ArgumentException($"The vocabulary has no token for the byte 0x{b:X2}, so it cannot encode every text.");
        }
        if (wholePieces)
            return;
        // Looking a piece up is far cheaper than merging it, so find out once which tokens merging would reproduce as a whole.
        var whole = new bool[vocabulary.Count];
        var ids = new List<int>();
        for (var id = 0; id < whole.Length; id++)
        {
            ids.Clear();
            MergePiece(vocabulary[id], ids);
            whole[id] = ids.Count == 1 && ids[0] == id;
        }
        _whole = whole;
    }

    /// <inheritdoc/>
    public override int VocabularySize { get; }

    /// <summary>How text is cut before merging.</summary>
    public SplitPattern Pattern { get; }

    /// <summary>Whether a piece that is a token becomes that token, whatever the merges say (tiktoken, and <c>ignore_merges</c>).</summary>
    public bool WholePieces { get; }

    /// <summary>Whether a text that starts without a space is encoded as if it started with one.</summary>
    public bool AddPrefixSpace { get; }

    /// <summary>The bytes of each token, without the special tokens.</summary>
    public Vocabulary Vocabulary => _vocabulary;

    /// <summary>
    /// The pairs of ids that merge, in order of rank. A pair becomes the token whose bytes are those of both parts together.
    /// </summary>
    public IReadOnlyList<(int Left, int Right)> Merges => _merges.InOrder();

    /// <summary>Learns a vocabulary from a text: 256 bytes, then a token for each merge, then the special tokens.</summary>
    /// <param name="text">The text to learn from. Special tokens spelled in it are ordinary text.</param>
    /// <param name="vocabularySize">Number of tokens wanted, including the special ones: at least 256 plus their number. The result has
    /// fewer if no pair occurs twice any more.</param>
    /// <param name="pattern">How to cut the text; no token crosses a cut.</param>
    /// <param name="specialTokens">Tokens to add after the learned ones, such as <c>&lt;|endoftext|&gt;</c>.</param>
    /// <remarks>
    /// Each step merges the most frequent pair of neighbours; among equally frequent pairs, the one with the smaller left id, then the
    /// smaller right id. <see cref="BytePairReference"/> does the same in sixty lines.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary is too small for the bytes and the special tokens.</exception>
    public static BytePairTokenizer Train(string text, int vocabularySize, SplitPattern pattern = SplitPattern.Gpt4,
        params ReadOnlySpan<string> specialTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 256 + specialTokens.Length);
        var merges = new BytePairTrainer(Encoding.UTF8.GetBytes(text), (utf8, start) => PieceSplitter.End(pattern, utf8, start))
            .Merges(vocabularySize - 256 - specialTokens.Length);
        List<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b })];
        var table = new MergeTable(merges.Count);
        foreach (var (left, right) in merges)
        {
            table.Add(left, right, rank: table.Count, id: tokens.Count);
            tokens.Add([.. tokens[left], .. tokens[right]]);
        }
        return new BytePairTokenizer(new Vocabulary(tokens), table, wholePieces: false, pattern, Numbered(specialTokens, tokens.Count));
    }

    /// <summary>
    /// Makes a tokenizer from a tiktoken vocabulary. In it the rank of a token is its id, and two neighbours
    /// merge if their bytes together are a token.
    /// </summary>
    /// <param name="tokens">The bytes of each id; null for an id that is not used.</param>
    /// <param name="pattern">How text is cut before merging.</param>
    /// <param name="specialTokens">The special tokens and their ids.</param>
    /// <exception cref="FormatException">A token is so long that the search for its parts would take too long.</exception>
    /// <exception cref="ArgumentException">Two ids have the same bytes, or a byte has no token.</exception>
    public static BytePairTokenizer FromRanks(IReadOnlyList<byte[]?> tokens, SplitPattern pattern,
        IEnumerable<KeyValuePair<string, int>> specialTokens)
    {
        var vocabulary = new Vocabulary(tokens);
        var merges = new MergeTable(tokens.Count * 2);
        for (var id = 0; id < tokens.Count; id++)
        {
            var token = vocabulary[id];
            if (token.Length > Vocabulary.LongestCut)
                throw new FormatException($"token {id} has {token.Length} bytes, more than {Vocabulary.LongestCut}");
            for (var cut = 1; cut < token.Length; cut++)
                if (vocabulary.Find(token[..cut]) is var left and >= 0 && vocabulary.Find(token[cut..]) is var right and >= 0)
                    merges.Add(left, right, rank: id, id);
        }
        return new BytePairTokenizer(vocabulary, merges, wholePieces: true, pattern, specialTokens);
    }

    /// <inheritdoc/>
    protected override void EncodeOrdinary(ReadOnlySpan<char> part, List<int> ids, int? before)
    {
        if (part.Length == 0)
            return;
        var space = AddPrefixSpace && part[0] != ' ' ? 1 : 0;
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(part.Length) + space);
        buffer[0] = (byte)' ';
        var utf8 = buffer.AsSpan(0, space + Encoding.UTF8.GetBytes(part, buffer.AsSpan(space)));
        for (int start = 0, end; start < utf8.Length; start = end)
        {
            end = PieceSplitter.End(Pattern, utf8, start);
            var piece = utf8[start..end];
            var id = _vocabulary.Find(piece);
            if (id >= 0 && (_whole is null || _whole[id]))
                ids.Add(id);
            else
                MergePiece(piece, ids);
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void MergePiece(ReadOnlySpan<byte> piece, List<int> ids)
    {
        var start = ids.Count;
        CollectionsMarshal.SetCount(ids, start + piece.Length);
        var parts = CollectionsMarshal.AsSpan(ids)[start..];
        for (var i = 0; i < piece.Length; i++)
            parts[i] = _byteIds[piece[i]];
        CollectionsMarshal.SetCount(ids, start + Merging.Merge(_merges, parts));
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> OrdinaryBytes(int id) =>
        (uint)id < (uint)_vocabulary.Count && _vocabulary[id] is { Length: > 0 } bytes ? bytes : throw NoSuchId(id);
}
