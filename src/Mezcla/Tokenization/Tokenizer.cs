using System.Buffers;
using System.Text;

namespace Mezcla.Tokenization;

/// <summary>
/// Turns text into token ids, and ids into text. An id stands for a string of bytes; a sequence of ids can therefore start or end inside a
/// character, which decodes to U+FFFD. Instances are immutable, so several threads may share one.
/// </summary>
/// <example><code>
/// var gpt4 = Tokenizer.ForEncoding("cl100k_base");
/// int[] ids = gpt4.Encode("hello world");   // 15339, 1917
/// string text = gpt4.Decode(ids);           // hello world
/// </code></example>
public abstract class Tokenizer
{
    private readonly Dictionary<string, int> _special;
    private readonly Dictionary<string, int> _added; // the special tokens and those that are tokens wherever the text has them
    private readonly Dictionary<int, byte[]> _addedBytes = [];
    private readonly SearchValues<string> _search;

    /// <summary>Makes a tokenizer with these added tokens; the subclass encodes the text between them.</summary>
    /// <param name="specialTokens">The special tokens and their ids.</param>
    /// <param name="always">Strings that are one token wherever they occur, whatever the policy for special tokens.</param>
    /// <exception cref="ArgumentException">A token is the empty string, an id is negative, or two tokens have the same id.</exception>
    protected Tokenizer(IEnumerable<KeyValuePair<string, int>> specialTokens, IEnumerable<KeyValuePair<string, int>>? always = null)
    {
        _special = new(specialTokens);
        _added = new([.. _special, .. always ?? []]);
        foreach (var (text, id) in _added)
        {
            if (text.Length == 0)
                throw new ArgumentException($"The special token with id {id} is the empty string: it would match everywhere.");
            ArgumentOutOfRangeException.ThrowIfNegative(id, text);
            if (!_addedBytes.TryAdd(id, Encoding.UTF8.GetBytes(text)))
                throw new ArgumentException($"Two special tokens have the id {id}; one is '{text}'.");
        }
        _search = SearchValues.Create([.. _added.Keys], StringComparison.Ordinal);
    }

    /// <summary>One more than the largest id; the number of rows that an embedding for these ids needs.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The special tokens and their ids.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens => _special;

    /// <summary>
    /// The user-defined symbols and their ids: strings that are one token wherever a text contains them, although no merge produces them.
    /// </summary>
    public IEnumerable<KeyValuePair<string, int>> AlwaysTokens => _added.Where(t => !_special.ContainsKey(t.Key));

    /// <summary>The id that marks the start of a text, or null where the vocabulary has none.</summary>
    public int? BeginOfText => Find("<|begin_of_text|>", "<|startoftext|>", "<s>", "<bos>", "<｜begin▁of▁sentence｜>");

    /// <summary>The id that ends a text, or null where the vocabulary has none.</summary>
    public int? EndOfText => Find("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<｜end▁of▁sentence｜>");

    /// <summary>
    /// Whether the model of this tokenizer was trained with <see cref="BeginOfText"/> before every text. <see cref="Encode"/> never adds
    /// it; the code that feeds the model must do so.
    /// </summary>
    public bool ExpectsBeginOfText { get; init; }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">Any string. A surrogate without its partner counts as U+FFFD, as in every UTF-8 encoder.</param>
    /// <param name="specialTokens">What to do if the text contains a special token; <see cref="SpecialTokenPolicy.Raise"/> if null.</param>
    /// <exception cref="SpecialTokenException">The text contains a special token that the policy forbids.</exception>
    /// <exception cref="ArgumentException">The policy names a token that this tokenizer does not have.</exception>
    public int[] Encode(string text, SpecialTokenPolicy? specialTokens = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var policy = specialTokens ?? SpecialTokenPolicy.Raise;
        foreach (var name in policy.Names)
            if (!_special.ContainsKey(name))
                throw new ArgumentException(
                    $"This tokenizer has no special token '{name}'. It has: {string.Join(", ", _special.Keys.Take(10))}.",
                    nameof(specialTokens));

        var ids = new List<int>(text.Length / 4 + 4);
        int done = 0, from = 0;
        while (from < text.Length)
        {
            var hit = text.AsSpan(from).IndexOfAny(_search);
            if (hit < 0)
                break;
            from += hit;
            var (token, refused) = SpecialAt(text, from, policy);
            if (refused is not null)
                throw new SpecialTokenException(refused, from);
            if (token is null)
                from++;
            else
            {
                EncodeOrdinary(text.AsSpan(done, from - done), ids, before: _added[token]);
                ids.Add(_added[token]);
                done = from += token.Length;
            }
        }
        EncodeOrdinary(text.AsSpan(done), ids);
        return [.. ids];
    }

    /// <summary>The text of a sequence of ids. Bytes that are not UTF-8 become U+FFFD, as in tiktoken.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public virtual string Decode(ReadOnlySpan<int> ids) => Encoding.UTF8.GetString(DecodeBytes(ids));

    /// <summary>The bytes of a sequence of ids.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public byte[] DecodeBytes(ReadOnlySpan<int> ids)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(1, ids.Length * 5));
        foreach (var id in ids)
            bytes.Write(_addedBytes.TryGetValue(id, out var added) ? added : OrdinaryBytes(id));
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Whether encoding puts a space, which the text itself lacks, before a part of a text that begins like this one.
    /// </summary>
    /// <param name="before">The id before the part; -1 at the start of the text.</param>
    /// <param name="part">The UTF-8 bytes of the part, without that space.</param>
    public virtual bool AddsSpace(int before, ReadOnlySpan<byte> part) => false;

    /// <summary>The bytes that an id stands for; a special token's are those of its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public byte[] TokenBytes(int id) => DecodeBytes([id]);

    /// <summary>
    /// Appends the ids of a part of the text without special tokens; the part may be empty. It is followed by the added token
    /// <paramref name="before"/>, or by the end of the text if that is null.
    /// </summary>
    protected abstract void EncodeOrdinary(ReadOnlySpan<char> part, List<int> ids, int? before = null);

    /// <summary>The bytes of an id that is not special.</summary>
    protected abstract ReadOnlySpan<byte> OrdinaryBytes(int id);

    /// <summary>Makes the exception for an id that belongs to no token.</summary>
    protected ArgumentOutOfRangeException NoSuchId(int id) =>
        new(nameof(id), id, $"No token has the id {id}: ids run from 0 to {VocabularySize - 1}, and this one " +
            $"{(id < 0 || id >= VocabularySize ? "lies outside" : "is not used")}.");

    /// <summary>Gives special tokens consecutive ids from <paramref name="first"/> on.</summary>
    protected static Dictionary<string, int> Numbered(ReadOnlySpan<string> specialTokens, int first)
    {
        var numbered = new Dictionary<string, int>();
        foreach (var token in specialTokens)
            if (!numbered.TryAdd(token, first + numbered.Count))
                throw new ArgumentException($"The special token '{token}' is named twice.", nameof(specialTokens));
        return numbered;
    }

    /// <summary>Whether the id belongs to a special token or to one that is always recognised.</summary>
    protected bool IsAdded(int id) => _addedBytes.ContainsKey(id);

    private int? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (_special.TryGetValue(name, out var id))
                return id;
        return null;
    }

    // The longest added token at this position that the policy allows, and one that it forbids.
    private (string? Token, string? Refused) SpecialAt(string text, int at, SpecialTokenPolicy policy)
    {
        string? token = null, refused = null;
        foreach (var candidate in _added.Keys)
        {
            if (!text.AsSpan(at).StartsWith(candidate, StringComparison.Ordinal))
                continue;
            var special = _special.ContainsKey(candidate);
            if (special && policy.Refuses(candidate))
                refused ??= candidate;
            else if ((!special || policy.Allows(candidate)) && candidate.Length > (token?.Length ?? 0))
                token = candidate;
        }
        return (token, refused);
    }
}
