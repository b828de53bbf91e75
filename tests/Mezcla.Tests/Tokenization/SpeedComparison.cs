using System.Diagnostics;
using System.Globalization;
using System.Text;
using Mezcla.Datasets;
using Mezcla.Tokenization;

namespace Mezcla.Tests.Tokenization;

/// <summary>
/// Prints speeds; asserts none. Run it alone: dotnet Mezcla.Tests.dll -explicit only -class '*SpeedComparison' -showLiveOutput
/// </summary>
public class SpeedComparison(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    public void Encoding_beside_tiktoken_on_one_core()
    {
        using var tiktoken = Peer.Start("node", Peer.Script("speed.mjs"), Peer.Packages("tiktoken@1.0.22"));
        var random = new Random(1);
        (string Name, string Text)[] texts =
        [
            ("Moby-Dick", Corpus.Load("moby-dick").Text), ("Bible, Spanish", Corpus.Load("bible-spanish").Text),
            ("Random mixtures", string.Concat(Texts.Random(9, 20_000, loneSurrogates: false).Where(t => !t.Contains("<|")))),
            ("Chinese", string.Concat(Enumerable.Range(0, 300_000).Select(i => i % 20 == 19 ? '。' : (char)random.Next(0x4E00, 0x5E00)))),
        ];
        string path = Path.GetTempFileName();
        foreach (string encoding in (string[])["gpt2", "cl100k_base", "o200k_base"])
        {
            foreach (var (name, text) in texts)
            {
                File.WriteAllText(path, text);
                double megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
                var tokenizer = Tokenizer.ForEncoding(encoding);
                var (ours, theirs) = (new List<double>(), new List<double>());
                for (int round = 0; round < 7; round++) // in turn, so that a busy machine is busy for both
                {
                    tiktoken.StandardInput.WriteLine($"{encoding}\t{path}");
                    string[] answer = tiktoken.StandardOutput.ReadLine()!.Split('\t');
                    theirs.Add(double.Parse(answer[0], CultureInfo.InvariantCulture) / 1e9);
                    long start = Stopwatch.GetTimestamp();
                    int[] ids = tokenizer.Encode(text, SpecialTokenPolicy.None);
                    ours.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
                    Assert.Equal(int.Parse(answer[1], CultureInfo.InvariantCulture), ids.Length);
                }
                path = Path.GetTempFileName();
                output.WriteLine($"{encoding,-12} {name,-16} {megabytes:F2} MB: first {megabytes / ours[0]:F1} MB/s, median {megabytes / Median(ours):F1} MB/s; tiktoken {megabytes / Median(theirs):F1} MB/s; {Median(theirs) / Median(ours):F1} times");
            }
        }
        tiktoken.StandardInput.Close();
        tiktoken.WaitForExit();
    }

    [Fact(Explicit = true)]
    public void A_long_word_and_decoding_and_loading()
    {
        foreach (string encoding in (string[])["gpt2", "cl100k_base", "o200k_base"])
        {
            var (tokenizer, load) = Timed(() => Tokenizer.ForEncoding(encoding));
            output.WriteLine($"{encoding}: first use {load * 1e3:F0} ms");
            var random = new Random(1);
            foreach (int length in (int[])[125_000, 250_000, 500_000, 1_000_000])
            {
                string letters = string.Concat(Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(26))));
                double one = Timed(() => tokenizer.Encode(letters)).Seconds, same = Timed(() => tokenizer.Encode(new string('a', length))).Seconds;
                output.WriteLine($"{encoding}: a word of {length:N0} letters {one * 1e3:F0} ms, of {length:N0} a's {same * 1e3:F0} ms");
            }
            string text = Corpus.Load("moby-dick").Text;
            int[] ids = tokenizer.Encode(text);
            double seconds = Enumerable.Range(0, 5).Min(_ => Timed(() => tokenizer.Decode(ids)).Seconds);
            output.WriteLine($"{encoding}: decodes {text.Length / seconds / 1e6:F0} MB/s");
        }
    }

    [Fact(Explicit = true)]
    public void Training_on_ten_megabytes()
    {
        string books = string.Concat(((string[])["moby-dick", "persuasion", "pride-and-prejudice", "bible-english", "bible-spanish"]).Select(n => Corpus.Load(n).Text));
        string text = (books + books.ToUpperInvariant() + books)[..10_000_000];
        foreach (var pattern in Enum.GetValues<SplitPattern>())
        {
            var (tokenizer, seconds) = Timed(() => BytePairTokenizer.Train(text, 8192, pattern));
            output.WriteLine($"{pattern}: 10 MB to {tokenizer.VocabularySize} tokens in {seconds:F1} s");
        }
    }

    [Fact(Explicit = true)]
    public void Where_the_heap_overtakes_the_scan()
    {
        var merges = new MergeTable(0);
        var tokenizer = Tokenizer.ForEncoding("cl100k_base");
        foreach (var (left, right) in tokenizer.Merges)
        {
            int id = tokenizer.Vocabulary.Find([.. tokenizer.TokenBytes(left), .. tokenizer.TokenBytes(right)]);
            merges.Add(left, right, id, id);
        }
        int[] bytes = [.. Encoding.UTF8.GetBytes(Corpus.Load("bible-spanish").Text.Replace(" ", "")).Select(b => tokenizer.Vocabulary.Find([b]))];
        foreach (int length in (int[])[8, 16, 32, 64, 128, 256, 512, 1024])
        {
            double Time(Func<MergeTable, int[], int> merge) => Enumerable.Range(0, 3).Min(_ => Timed(() =>
            {
                for (int at = 0; at + length < 200_000; at += length) merge(merges, bytes[at..(at + length)]);
                return 0;
            }).Seconds);
            output.WriteLine($"{length,5} bytes: scan {Time((m, b) => Merging.Scan(m, b)) * 1e3:F0} ms, heap {Time((m, b) => Merging.Heap(m, b)) * 1e3:F0} ms for 200 kB");
        }
    }

    private static (T Result, double Seconds) Timed<T>(Func<T> work)
    {
        long start = Stopwatch.GetTimestamp();
        var result = work();
        return (result, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
