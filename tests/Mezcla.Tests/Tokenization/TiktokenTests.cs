using System.Globalization;
using System.Text;
using Mezcla.Datasets;
using Mezcla.Tokenization;

namespace Mezcla.Tests.Tokenization;

/// <summary>Ids equal to tiktoken's: on golden values made with it, and, where Node.js
/// can run it, on many more texts and on every corpus.</summary>
public class TiktokenTests
{
    private const string Tiktoken = "tiktoken@1.0.22";
    private static readonly string[] Names = ["gpt2", "p50k_base", "cl100k_base", "o200k_base"];

    [Fact]
    public void Golden_texts_have_their_ids()
    {
        using var stream = typeof(TiktokenTests).Assembly.GetManifestResourceStream("golden.tsv")!;
        var lines = new StreamReader(stream, Encoding.UTF8).ReadToEnd().Split('\n').Where(l => l.Length > 0 && !l.StartsWith('#')).ToList();
        Assert.True(lines.Count > 300);
        Check(lines, Names);
    }

    /// <summary>Makes golden.tsv anew: dotnet Mezcla.Tests.dll -explicit only -method '*Write_the_golden_values'.</summary>
    [Fact(Explicit = true)]
    public void Write_the_golden_values()
    {
        string[] how = ["none", "none", "none", "all", "only"];
        var random = Texts.Random(seed: 1, 1000).Where(t => t.Length is > 2 and < 40).Take(220)
            .Select((text, i) => $"{how[i % how.Length]}\t{Texts.ToJson(text)}");
        var tricky = Texts.Tricky.Select(text => $"none\t{Texts.ToJson(text)}");
        string[] decodes = ["decode\t255 128 200 13", "decode\t187 188", "decode\t172 253 8582 50255", "decode\t47249 225", "decode\t160"];
        var answers = Peer.Ask([.. tricky, .. random, .. decodes], "node",
            [Peer.Script("tiktoken.mjs"), Peer.Packages(Tiktoken), .. Names]);
        var head =
            $"# How, a text as JSON, and the ids that {Tiktoken} of npm gives it in: {string.Join(", ", Names)}. See peers/tiktoken.mjs.\n";
        File.WriteAllText(Path.Combine(Peer.Folder(), "golden.tsv"), head + string.Join('\n', answers) + "\n");
    }

    [Fact]
    public void Twelve_thousand_texts_and_every_corpus_have_the_ids_that_tiktoken_gives_them()
    {
        var folder = Peer.Packages(Tiktoken);
        string[] how = ["none", "none", "none", "all", "only"];
        var random = new Random(7);
        var texts = Texts.Random(seed: 20, 12_000).Select((text, i) => $"{how[i % how.Length]}\t{Texts.ToJson(text)}");
        var decodes = Enumerable.Range(0, 500)
            .Select(_ => "decode\t" + string.Join(' ', Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(50_257))));
        var corpora = Directory.GetFiles(DatasetFolder.PathOf("corpora"), "*.txt").Select(path => $"file\t{Texts.ToJson(path)}");
        var answers = Peer.Ask(texts.Concat(decodes), "node", [Peer.Script("tiktoken.mjs"), folder, .. Names]);
        Assert.Equal(12_500, answers.Length);
        Check(answers, Names);
        string[] names = [.. Names.Where(n => n != "p50k_base")];
        answers = Peer.Ask(corpora, "node", [Peer.Script("tiktoken.mjs"), folder, .. names]);
        Assert.NotEmpty(answers);
        Check(answers, names);
    }

    [Fact]
    public void Every_character_there_is_is_cut_as_tiktoken_cuts_it()
    {
        string folder = Peer.Packages(Tiktoken), path = Path.GetTempFileName();
        try
        {
            // Each between letters of both cases, after a space, between digits, after an apostrophe
            // and before a line end: 200,000 of them, all that Unicode 16 names.
            var text = new StringBuilder();
            foreach (var c in Enumerable.Range(0, 0x32400).Concat(Enumerable.Range(0xE0000, 0x200)).Where(Rune.IsValid))
            {
                var rune = new Rune(c).ToString();
                text.Append($"x{rune}Y{rune} {rune}9{rune}1'{rune}\n");
            }
            File.WriteAllText(path, text.ToString(), new UTF8Encoding(false));
            string[] names = ["o200k_base"]; // its pattern asks for every class that the others ask for
            Check(Peer.Ask([$"file\t{Texts.ToJson(path)}"], "node", [Peer.Script("tiktoken.mjs"), folder, .. names]), names);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Check(IEnumerable<string> lines, string[] names)
    {
        var tokenizers = names.Select(Tokenizer.ForEncoding).ToArray();
        foreach (var line in lines)
        {
            var fields = line.Split('\t');
            Assert.Equal(2 + names.Length, fields.Length);
            for (var i = 0; i < names.Length; i++)
            {
                var got = Answer(tokenizers[i], fields[0], fields[1]);
                if (got != fields[2 + i])
                    Assert.Fail($"{names[i]}, {fields[0]}: {fields[1]}\nexpected {Shorten(fields[2 + i])}\nobtained {Shorten(got)}");
            }
        }
    }

    private static string Answer(BytePairTokenizer tokenizer, string how, string question)
    {
        if (how == "decode")
            return Texts.ToJson(tokenizer.Decode([.. question.Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture))]));
        var text = Texts.FromJson(question);
        if (how == "file")
            text = Encoding.UTF8.GetString(File.ReadAllBytes(text));
        var ids = tokenizer.Encode(text, how switch
        {
            "all" => SpecialTokenPolicy.All,
            "only" => SpecialTokenPolicy.OnlyElseText("<|endoftext|>"),
            _ => SpecialTokenPolicy.None,
        });
        Assert.Equal(Encoding.UTF8.GetBytes(text), tokenizer.DecodeBytes(ids));
        return string.Join(' ', ids);
    }

    private static string Shorten(string text) => text.Length < 2000 ? text : text[..2000] + "...";
}
