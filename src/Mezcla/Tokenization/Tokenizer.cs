using System.Buffers;
using System.Text;

namespace Mezcla.Tokenization;

/// <summary>
/// Turns text into token ids and back. An id stands for a string of bytes; text that starts or ends inside a character is therefore
/// possible, and decodes to U+FFFD. Instances never change once made, so many threads may use one.
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

    // always: strings that are one token wherever they stand, whatever the policy for special tokens.
    private protected Tokenizer(IEnumerable<KeyValuePair<string, int>> specialTokens, IEnumerable<KeyValuePair<string, int>>? always = null)
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

    /// <summary>The user-defined symbols and their ids: strings that are one token wherever
    /// a text spells them, although no merge makes them.</summary>
    public IEnumerable<KeyValuePair<string, int>> AlwaysTokens => _added.Where(t => !_special.ContainsKey(t.Key));

    /// <summary>The id that marks the start of a text, or null where the vocabulary has none.</summary>
    public int? BeginOfText => Find("<|begin_of_text|>", "<|startoftext|>", "<s>", "<bos>");

    /// <summary>The id that ends a text, or null where the vocabulary has none.</summary>
    public int? EndOfText => Find("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>");

    /// <summary>
    /// Whether the model that this tokenizer came with was trained with <see cref="BeginOfText"/> before every text.
    /// <see cref="Encode"/> never adds it: whoever feeds the model does.
    /// </summary>
    public bool ExpectsBeginOfText { get; init; }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">Any string. A surrogate without its partner counts as U+FFFD, as in every UTF-8 encoder.</param>
    /// <param name="specialTokens">What to do where the text spells a special token;
    /// <see cref="SpecialTokenPolicy.Raise"/> when null.</param>
    /// <exception cref="SpecialTokenException">The text spells a special token that the policy refuses.</exception>
    /// <exception cref="ArgumentException">The policy names a token that this tokenizer lacks.</exception>
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

    /// <summary>The bytes that an id stands for; a special token's are those of its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public byte[] TokenBytes(int id) => DecodeBytes([id]);

    /// <summary>Appends the ids of a part in which nothing is special; it may be empty. An
    /// added token, <paramref name="before"/>, or nothing follows.</summary>
    private protected abstract void EncodeOrdinary(ReadOnlySpan<char> part, List<int> ids, int? before = null);

    /// <summary>The bytes of an id that is not special.</summary>
    private protected abstract ReadOnlySpan<byte> OrdinaryBytes(int id);

    private protected ArgumentOutOfRangeException NoSuchId(int id) =>
        new(nameof(id), id,
            $"No token has the id {id}: ids run from 0 to {VocabularySize - 1}, and this " +
                $"one {(id < 0 || id >= VocabularySize ? "lies outside" : "is not used")}.");

    private protected static Dictionary<string, int> Numbered(ReadOnlySpan<string> specialTokens, int first)
    {
        var numbered = new Dictionary<string, int>();
        foreach (var token in specialTokens)
            if (!numbered.TryAdd(token, first + numbered.Count))
                throw new ArgumentException($"The special token '{token}' is named twice.", nameof(specialTokens));
        return numbered;
    }

    private protected bool IsAdded(int id) => _addedBytes.ContainsKey(id);

    private int? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (_special.TryGetValue(name, out var id))
                return id;
        return null;
    }

    // The longest token that may stand for the text here, and one that the policy refuses.
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
