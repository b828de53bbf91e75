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
    private readonly Dictionary<int, string> _specialById;
    private readonly SearchValues<string> _specialSearch;

    private protected Tokenizer(IEnumerable<KeyValuePair<string, int>> specialTokens)
    {
        _special = new(specialTokens);
        _specialById = new(_special.Count);
        foreach (var (text, id) in _special)
        {
            if (text.Length == 0) throw new ArgumentException($"The special token with id {id} is the empty string: it would match everywhere.");
            if (!_specialById.TryAdd(id, text)) throw new ArgumentException($"Two special tokens have the id {id}: '{_specialById[id]}' and '{text}'.");
        }
        _specialSearch = SearchValues.Create([.. _special.Keys], StringComparison.Ordinal);
    }

    /// <summary>One more than the largest id; the number of rows that an embedding for these ids needs.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The special tokens and their ids.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens => _special;

    /// <summary>The id that a model expects before a text, or null where the vocabulary has none.</summary>
    public virtual int? BeginOfText => Find("<|begin_of_text|>", "<|startoftext|>", "<s>");

    /// <summary>The id that ends a text, or null where the vocabulary has none.</summary>
    public virtual int? EndOfText => Find("<|endoftext|>", "<|end_of_text|>", "</s>");

    /// <summary>Loads one of OpenAI's encodings, which come with the library: see <see cref="Encodings"/>.</summary>
    /// <param name="name">One of <see cref="Encodings.Names"/>, such as <c>gpt2</c>, <c>cl100k_base</c> or <c>o200k_base</c>.</param>
    /// <exception cref="ArgumentException">There is no encoding of that name.</exception>
    public static BytePairTokenizer ForEncoding(string name) => Encodings.Get(name);

    /// <summary>Reads a tokenizer from a file: Hugging Face's <c>tokenizer.json</c> with a byte-pair model, as <see cref="BytePairTokenizer.Save"/> writes it.</summary>
    /// <exception cref="FormatException">The file is damaged, or of a kind that is not read; the message names the file and says why.</exception>
    public static Tokenizer Load(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        try
        {
            return HuggingFaceReader.Read(file);
        }
        catch (FormatException e)
        {
            throw new FormatException($"Cannot read the tokenizer {path}: {e.Message}.", e);
        }
    }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">Any string. A surrogate without its partner counts as U+FFFD, as in every UTF-8 encoder.</param>
    /// <param name="specialTokens">What to do where the text spells a special token; <see cref="SpecialTokenPolicy.Raise"/> when null.</param>
    /// <exception cref="ArgumentException">The text spells a special token that the policy refuses, or the policy names a token that this tokenizer lacks.</exception>
    public int[] Encode(string text, SpecialTokenPolicy? specialTokens = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var policy = specialTokens ?? SpecialTokenPolicy.Raise;
        foreach (string name in policy.Names)
            if (!_special.ContainsKey(name))
                throw new ArgumentException($"This tokenizer has no special token '{name}'. It has: {string.Join(", ", _special.Keys.Take(10))}.", nameof(specialTokens));

        var ids = new List<int>(text.Length / 4 + 4);
        if (ReferenceEquals(policy, SpecialTokenPolicy.None))
        {
            EncodeOrdinary(text, ids);
            return [.. ids];
        }
        int done = 0, from = 0;
        while (from < text.Length)
        {
            int hit = text.AsSpan(from).IndexOfAny(_specialSearch);
            if (hit < 0) break;
            from += hit;
            var (token, refused) = SpecialAt(text, from, policy);
            if (refused is not null)
                throw new ArgumentException($"The text has the special token '{refused}' at character {from}. Pass SpecialTokenPolicy.None to read it as plain text, or All or Only(\"{refused}\") to make it a token.", nameof(text));
            if (token is null) from++;
            else
            {
                EncodeOrdinary(text.AsSpan(done, from - done), ids);
                ids.Add(_special[token]);
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
        foreach (int id in ids) bytes.Write(_specialById.TryGetValue(id, out string? special) ? Encoding.UTF8.GetBytes(special) : OrdinaryBytes(id));
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The bytes that an id stands for; a special token's are those of its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public byte[] TokenBytes(int id) => DecodeBytes([id]);

    /// <summary>Appends the ids of a text in which nothing is special.</summary>
    private protected abstract void EncodeOrdinary(ReadOnlySpan<char> text, List<int> ids);

    /// <summary>The bytes of an id that is not special.</summary>
    private protected abstract ReadOnlySpan<byte> OrdinaryBytes(int id);

    private protected ArgumentOutOfRangeException NoSuchId(int id) =>
        new(nameof(id), id, $"No token has the id {id}: ids run from 0 to {VocabularySize - 1}, and this one {(id < 0 || id >= VocabularySize ? "lies outside" : "is not used")}.");

    private protected int? Find(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            if (_special.TryGetValue(name, out int id))
                return id;
        return null;
    }

    // The longest allowed token that starts here; where none is allowed, one that the policy refuses.
    private (string? Token, string? Refused) SpecialAt(string text, int at, SpecialTokenPolicy policy)
    {
        string? token = null, refused = null;
        foreach (string candidate in _special.Keys)
        {
            if (!text.AsSpan(at).StartsWith(candidate, StringComparison.Ordinal)) continue;
            if (policy.Refuses(candidate)) refused ??= candidate;
            else if (policy.Allows(candidate) && candidate.Length > (token?.Length ?? 0)) token = candidate;
        }
        return (token, refused);
    }
}
