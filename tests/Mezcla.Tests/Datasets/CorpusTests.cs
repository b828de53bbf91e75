using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Mezcla.Datasets;

namespace Mezcla.Tests.Datasets;

public partial class CorpusTests
{
    [Theory]
    [InlineData("moby-dick", "Call me Ishmael.")]
    [InlineData("pride-and-prejudice", "It is a truth universally acknowledged")]
    [InlineData("persuasion", "Sir Walter Elliot, of Kellynch Hall")]
    [InlineData("bible-english", "In the beginning, God created the heavens and the earth.")]
    [InlineData("bible-spanish", "EN el principio crió Dios los cielos y la tierra.")]
    [InlineData("arithmetic", " = ")]
    [InlineData("csharp", "public static class DatasetFolder")]
    public void Every_corpus_loads_and_is_the_text_it_says(string name, string passage)
    {
        var corpus = Corpus.Load(name);
        Assert.Contains(passage, corpus.Text);
        Assert.DoesNotContain('\r', corpus.Text);
        Assert.Equal(name, corpus.Name);
        Assert.Contains(name, Corpus.Names);
    }

    [Fact]
    public void The_readme_gives_the_hash_of_every_committed_corpus()
    {
        var readme = File.ReadAllText(DatasetFolder.PathOf("README.md"));
        var hashes = HashLine().Matches(readme).ToDictionary(m => m.Groups["file"].Value, m => m.Groups["hash"].Value);
        var files = Directory.GetFiles(DatasetFolder.PathOf("corpora"));
        Assert.Equal(files.Select(Path.GetFileName).Order(), hashes.Keys.Order());
        foreach (var file in files)
            Assert.Equal(hashes[Path.GetFileName(file)], Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
    }

    [Fact]
    public void A_mixture_holds_every_line_once_and_something_of_each_text_everywhere()
    {
        Corpus letters = new("letters", string.Concat(Enumerable.Range(0, 500).Select(i => $"letters {i}\n"))),
            digits = new("digits", string.Concat(Enumerable.Range(0, 2000).Select(i => $"{i}\n")) + "no end");
        var mixed = Corpus.Mix([letters, digits], piece: 100);
        Assert.Equal("letters+digits", mixed.Name);
        var lines = mixed.Text.Split('\n');
        Assert.Equal(letters.Text.Split('\n')[..^1], lines.Where(l => l.StartsWith("letters", StringComparison.Ordinal)));
        Assert.Equal(digits.Text.Split('\n'), lines.Where(l => l.Length > 0 && !l.StartsWith("letters", StringComparison.Ordinal)));
        for (var tenth = 0; tenth < 10; tenth++)
            Assert.InRange(lines[(tenth * 250)..((tenth + 1) * 250)].Count(l => l.StartsWith("letters", StringComparison.Ordinal)), 20, 80);
    }

    [Fact]
    public void The_hash_of_a_corpus_is_that_of_its_file()
    {
        var bytes = File.ReadAllBytes(DatasetFolder.PathOf("corpora", "persuasion.txt"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), Corpus.Load("persuasion").Sha256);
    }

    [Fact]
    public void Verses_are_aligned()
    {
        var verses = Corpus.AlignedVerses();
        Assert.Equal(11_210, verses.Count);
        var shepherd = verses.Single(v => v.Reference == "Psalms 23:1");
        Assert.Contains("my shepherd", shepherd.English);
        Assert.Contains("mi pastor", shepherd.Spanish);
        // A slip by one line anywhere would put long verses beside short ones from there on.
        var (meanEnglish, meanSpanish) = (verses.Average(v => v.English.Length), verses.Average(v => v.Spanish.Length));
        var covariance = verses.Average(v => (v.English.Length - meanEnglish) * (v.Spanish.Length - meanSpanish));
        var deviations =
            Math.Sqrt(
                verses.Average(v => Math.Pow(v.English.Length - meanEnglish, 2))
                    * verses.Average(v => Math.Pow(v.Spanish.Length - meanSpanish, 2)));
        Assert.InRange(covariance / deviations, 0.85, 1.0);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        var error = Assert.Throws<ArgumentException>(() => Corpus.Load("../README"));
        Assert.Contains("moby-dick", error.Message);
    }

    [Fact]
    public void The_folder_is_found_from_below_and_a_wrong_variable_is_named()
    {
        var root = Directory.CreateTempSubdirectory("mezcla");
        try
        {
            var below = Directory.CreateDirectory(Path.Combine(root.FullName, "a", "b")).FullName;
            var error = Assert.Throws<DirectoryNotFoundException>(() => DatasetFolder.Find(null, below));
            Assert.Contains(below, error.Message);
            Assert.Contains(DatasetFolder.Variable, error.Message);

            var folder = Path.Combine(root.FullName, "datasets");
            Directory.CreateDirectory(Path.Combine(folder, "corpora"));
            Assert.Equal(folder, DatasetFolder.Find(null, below));
            Assert.Equal(folder, DatasetFolder.Find(folder, Path.GetTempPath()));
            error = Assert.Throws<DirectoryNotFoundException>(() => DatasetFolder.Find(below, root.FullName));
            Assert.Contains($"{DatasetFolder.Variable} is '{below}'", error.Message);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"`(?<file>[a-z-]+\.txt)`.*?`(?<hash>[0-9a-f]{64})`")]
    private static partial Regex HashLine();
}

public class TextFileTests
{
    [Theory]
    [InlineData("caf\u00e9\r\nline\rend\n", "caf\u00e9\nline\nend\n")]
    [InlineData("\uFEFFwith a mark", "with a mark")]
    [InlineData("form\ffeed\u2028kept", "form\ffeed\u2028kept")]
    [InlineData("\U0001F40B", "\U0001F40B")]
    public void Good_text_is_read(string written, string read) => Assert.Equal(read, TextFile.Decode(Encoding.UTF8.GetBytes(written), "f"));

    [Theory]
    [InlineData(new byte[] { 97, 10, 98, 10, 99, 0xE9, 100 }, "byte E9 at offset 5, line 3", "another encoding")]
    [InlineData(new byte[] { 97, 0xC3 }, "byte C3 at offset 1, line 1", "another encoding")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "byte ED at offset 0", "another encoding")]
    [InlineData(new byte[] { 0x50, 0x4B, 0, 1 }, "byte 00 at offset 2", "not a text file")]
    [InlineData(new byte[] { 0xFF, 0xFE, 97, 0 }, "UTF-16", "UTF-8")]
    [InlineData(new byte[] { }, "empty", "give a file")]
    [InlineData(new byte[] { 32, 10, 10 }, "only white space", "give a file")]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF }, "empty", "give a file")]
    public void Bad_text_says_what_and_where(byte[] bytes, string what, string advice)
    {
        var error = Assert.Throws<InvalidDataException>(() => TextFile.Decode(bytes, "notes.txt"));
        Assert.Contains("'notes.txt'", error.Message);
        Assert.Contains(what, error.Message);
        Assert.Contains(advice, error.Message);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        var missing = Path.Combine(Path.GetTempPath(), "mezcla-no-such-file.txt");
        Assert.Contains(missing, Assert.Throws<FileNotFoundException>(() => Corpus.ReadText(missing)).Message);
        Assert.Contains("is a folder", Assert.Throws<IOException>(() => Corpus.ReadText(Path.GetTempPath())).Message);
    }
}
