using System.Collections.Concurrent;
using System.IO.Compression;

namespace Mezcla.Tokenization;

/// <summary>
/// OpenAI's published encodings. Their vocabularies are embedded in the library (see <c>datasets/tokenizers</c>); each is read when it is
/// first asked for, then kept. Every text gets the same ids as from tiktoken.
/// </summary>
public static class Encodings
{
    private sealed record Definition(string File, SplitPattern Pattern, params (string Text, int Id)[] SpecialTokens);

    private static readonly Dictionary<string, Definition> All = new()
    {
        ["gpt2"] = new("r50k_base", SplitPattern.Gpt2, ("<|endoftext|>", 50256)),
        ["r50k_base"] = new("r50k_base", SplitPattern.Gpt2, ("<|endoftext|>", 50256)),
        ["p50k_base"] = new("p50k_base", SplitPattern.Gpt2, ("<|endoftext|>", 50256)),
        ["p50k_edit"] = new("p50k_base", SplitPattern.Gpt2,
            ("<|endoftext|>", 50256), ("<|fim_prefix|>", 50281), ("<|fim_middle|>", 50282), ("<|fim_suffix|>", 50283)),
        ["cl100k_base"] = new("cl100k_base", SplitPattern.Gpt4,
            ("<|endoftext|>", 100257), ("<|fim_prefix|>", 100258), ("<|fim_middle|>", 100259), ("<|fim_suffix|>", 100260),
            ("<|endofprompt|>", 100276)),
        ["o200k_base"] = new("o200k_base", SplitPattern.Gpt4o, ("<|endoftext|>", 199999), ("<|endofprompt|>", 200018)),
        ["o200k_harmony"] = new("o200k_base", SplitPattern.Gpt4o, Harmony()),
    };

    private static readonly ConcurrentDictionary<string, Lazy<BytePairTokenizer>> Loaded = new();

    /// <summary>
    /// The names that <see cref="Get"/> knows: gpt2, r50k_base, p50k_base, p50k_edit, cl100k_base, o200k_base, o200k_harmony.
    /// </summary>
    public static IReadOnlyCollection<string> Names => All.Keys;

    extension(Tokenizer)
    {
        /// <summary>
        /// One of OpenAI's encodings, such as <c>gpt2</c>, <c>cl100k_base</c> or <c>o200k_base</c>: the same as <see cref="Get"/>.
        /// </summary>
        /// <param name="name">One of <see cref="Names"/>.</param>
        /// <exception cref="ArgumentException">There is no encoding of that name.</exception>
        public static BytePairTokenizer ForEncoding(string name) => Get(name);
    }

    /// <summary>The encoding of that name.</summary>
    /// <exception cref="ArgumentException">There is no encoding of that name.</exception>
    public static BytePairTokenizer Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!All.TryGetValue(name, out var encoding))
            throw new ArgumentException($"There is no encoding '{name}'. There are: {string.Join(", ", Names)}.", nameof(name));
        return Loaded.GetOrAdd(name, _ => new(() => BytePairTokenizer.FromRanks(Ranks(encoding.File), encoding.Pattern,
            encoding.SpecialTokens.ToDictionary(t => t.Text, t => t.Id)))).Value;
    }

    /// <summary>
    /// The tokens of a vocabulary by rank. p50k is r50k plus the runs of 2 to 25 spaces, whose ids follow the special token's.
    /// </summary>
    internal static List<byte[]?> Ranks(string file)
    {
        if (file != "p50k_base")
            return [.. Unpack(file)];
        return [.. Unpack("r50k_base"), null, .. Enumerable.Range(2, 24).Select(n => Enumerable.Repeat((byte)' ', n).ToArray())];
    }

    private static IEnumerable<byte[]> Unpack(string file)
    {
        using var packed = typeof(Encodings).Assembly.GetManifestResourceStream($"Mezcla.{file}.tokens.br")!;
        using var stream = new BufferedStream(new BrotliStream(packed, CompressionMode.Decompress), 1 << 16);
        for (int length; (length = stream.ReadByte()) >= 0;)
        {
            var token = new byte[length];
            stream.ReadExactly(token);
            yield return token;
        }
    }

    private static (string, int)[] Harmony()
    {
        (string Text, int Id)[] named =
        [
            ("<|startoftext|>", 199998), ("<|endoftext|>", 199999), ("<|return|>", 200002), ("<|constrain|>", 200003),
            ("<|channel|>", 200005), ("<|start|>", 200006), ("<|end|>", 200007),
            ("<|message|>", 200008), ("<|call|>", 200012), ("<|endofprompt|>", 200018),
        ];
        var others = Enumerable.Range(200000, 1088).Except(named.Select(t => t.Id));
        return [.. named, .. others.Select(id => ($"<|reserved_{id}|>", id))];
    }
}
