using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mezcla.Datasets;
using Mezcla.Tokenization;

namespace Mezcla.Benchmarks;

/// <summary>
/// Encoding in turn with npm's tiktoken on the same texts, then how the time for one word grows with its length, decoding, and training on
/// ten megabytes. Each side runs on one thread; on Linux <c>taskset -c 0</c> before the command
/// puts both, their compilers and their collectors of garbage on one core.
/// </summary>
internal static class TokenizerBenchmark
{
    public static readonly string[] Names = ["gpt2", "cl100k_base", "o200k_base", "words", "training"];

    /// <param name="only">Encodings to compare, "words" and "training".</param>
    /// <param name="peer">Where npm's tiktoken is installed; null for ours alone.</param>
    /// <param name="rounds">Measurements of each side.</param>
    public static int Run(string[] only, string? peer, int rounds)
    {
        var encodings = only.Intersect(Encodings.Names).ToArray();
        if (encodings.Length > 0)
            Compare(encodings, peer, rounds);
        if (only.Contains("words"))
            Words();
        if (only.Contains("training"))
            Training();
        return 0;
    }

    private static void Compare(string[] encodings, string? peer, int rounds)
    {
        using var tiktoken = peer is null ? null : new TiktokenPeer(peer);
        var folder = Directory.CreateTempSubdirectory("mezcla-texts");
        Console.WriteLine("| text | MB | " + string.Concat(encodings.Select(e => $"{e}, MB/s | tiktoken | ratio (lowest .. highest) | ")));
        Console.WriteLine("|---|---|" + string.Concat(encodings.Select(_ => "---|---|---|")));
        foreach (var (name, text) in Texts())
        {
            var path = Path.Combine(folder.FullName, name + ".txt");
            File.WriteAllText(path, text);
            var megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
            var row = new StringBuilder(FormattableString.Invariant($"| {name} | {megabytes:F2} | "));
            foreach (var encoding in encodings)
            {
                var tokenizer = Tokenizer.ForEncoding(encoding);
                var (ours, theirs) = (new double[rounds], new double[rounds]);
                // The first rounds compile both sides' code; later ones are in turn, so that a busy machine is busy for both.
                for (var round = -3; round < rounds; round++)
                {
                    var (seconds, tokens) = tiktoken?.Measure(encoding, path) ?? (double.NaN, -1);
                    var (ids, own) = Timed(() => tokenizer.Encode(text, SpecialTokenPolicy.None));
                    if (tokens >= 0 && tokens != ids.Length)
                        throw new InvalidOperationException($"{encoding}, {name}: {ids.Length} tokens here, {tokens} in tiktoken");
                    if (round >= 0)
                        (ours[round], theirs[round]) = (own, seconds);
                }
                var ratios = ours.Zip(theirs, (o, t) => t / o).Order().ToArray();
                row.Append(
                    string.Create(CultureInfo.InvariantCulture,
                        $"{megabytes / Median(ours):F1} | {megabytes / Median(theirs):F1} | {Median(ratios):F2} ({ratios[0]:F2} " +
                            $".. {ratios[^1]:F2}) | "));
            }
            Console.WriteLine(row);
        }
        folder.Delete(recursive: true);
    }

    private static IEnumerable<(string Name, string Text)> Texts()
    {
        foreach (var name in (string[])["moby-dick", "bible-spanish", "csharp"])
            yield return (name, Corpus.Load(name).Text);
        var random = new Random(1);
        string Drawn(int length, Func<int, char> character) => string.Create(length, character, (span, draw) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = draw(i);
        });
        // Runs of characters drawn evenly, as no language has them: what tokens there are rarely fit, and all the time goes into merging.
        yield return ("random Chinese", Drawn(300_000, i => i % 20 == 19 ? '。' : (char)random.Next(0x4E00, 0x5E00)));
        yield return ("random Russian", Drawn(500_000, i => i % 8 == 7 ? ' ' : (char)random.Next('а', 'я' + 1)));
        yield return ("random letters", Drawn(1_000_000, i => i % 8 == 7 ? ' ' : (char)random.Next('a', 'z' + 1)));
        yield return ("digits", Drawn(1_000_000, i => i % 8 == 7 ? ' ' : (char)random.Next('0', '9' + 1)));
        yield return ("emoji",
            string.Concat(
                Enumerable.Range(0, 200_000).Select(i => i % 8 == 7 ? " " : char.ConvertFromUtf32(random.Next(0x1F300, 0x1F6C0)))));
        yield return ("base64", Convert.ToBase64String(Bytes(random, 750_000), Base64FormattingOptions.InsertLineBreaks));
    }

    private static void Words()
    {
        var random = new Random(1);
        int[] sizes = [250_000, 500_000, 1_000_000, 2_000_000];
        (string Name, Func<int, string> Word)[] words =
        [
            ("random letters", bytes => string.Concat(Enumerable.Range(0, bytes).Select(_ => (char)('a' + random.Next(26))))),
            ("one letter", bytes => new string('a', bytes)),
            ("random Chinese", bytes => string.Concat(Enumerable.Range(0, bytes / 3).Select(_ => (char)random.Next(0x4E00, 0x9FA6)))),
            ("book without spaces",
                bytes => string.Concat(
                    Enumerable.Repeat(string.Concat(Corpus.Load("moby-dick").Text.Where(char.IsAsciiLetterLower)), 3))[..bytes]),
        ];
        Console.WriteLine("\nOne word, milliseconds by its length in MB:\n\n| encoding | word | " + string.Join(" | ",
            sizes.Select(s => FormattableString.Invariant($"{s / 1e6}"))) + " | longest against shortest, 8 is linear |");
        Console.WriteLine("|---|---|" + string.Concat(sizes.Select(_ => "---|")) + "---|");
        foreach (var encoding in Names[..3])
        {
            var tokenizer = Tokenizer.ForEncoding(encoding);
            foreach (var (name, word) in words)
            {
                tokenizer.Encode(word(100_000));
                var times = sizes.Select(size => word(size))
                    .Select(w => Enumerable.Range(0, 3).Min(_ => Timed(() => tokenizer.Encode(w)).Seconds) * 1e3).ToArray();
                Console.WriteLine(
                    string.Create(CultureInfo.InvariantCulture,
                        $"| {encoding} | {name} | {string.Join(" | ", times.Select(t => FormattableString.Invariant($"{t:F0}")))} " +
                            $"| {times[^1] / times[0]:F1} |"));
            }
            var text = Corpus.Load("moby-dick").Text;
            var ids = tokenizer.Encode(text);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                    $"| {encoding} | decoding a book: " +
                        $"{text.Length / Enumerable.Range(0, 5).Min(_ => Timed(() => tokenizer.Decode(ids)).Seconds) / 1e6:F0} MB/s | | " +
                        $"| | | |"));
        }
    }

    private static void Training()
    {
        Console.WriteLine("\nTraining on 10 MB to 8,192 tokens:\n");
        var books =
            string.Concat(
                ((string[])["moby-dick", "persuasion", "pride-and-prejudice", "bible-english", "bible-spanish"])
                    .Select(n => Corpus.Load(n).Text));
        var text = (books + books.ToUpperInvariant() + books)[..10_000_000];
        foreach (var pattern in Enum.GetValues<SplitPattern>())
        {
            var (tokenizer, seconds) = Timed(() => BytePairTokenizer.Train(text, 8192, pattern));
            Console.WriteLine(FormattableString.Invariant($"- {pattern}: {tokenizer.VocabularySize} tokens in {seconds:F1} s"));
        }
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static (T Result, double Seconds) Timed<T>(Func<T> work)
    {
        var start = Stopwatch.GetTimestamp();
        var result = work();
        return (result, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
