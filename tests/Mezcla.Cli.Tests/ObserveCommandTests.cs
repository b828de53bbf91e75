using System.Globalization;

namespace Mezcla.Cli.Tests;

/// <summary>mezcla observe as a process: a page and tables of what experts do.</summary>
public sealed class ObserveCommandTests(TinyModels models) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-observe-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_page_and_tables_are_written()
    {
        var model = models.Checkpoint(experts: 4);
        var other = Write("other.txt", string.Concat(Enumerable.Repeat("=sum(1, 2) \"quoted\" 3 and 4 are 7. ", 40)));
        var (code, output, errors) = Cli.Run(_folder, ["observe", model, "--text", "num<b>ers=" + models.Text, "--text", other, "--tokens",
            "300", "--window", "20", "-o", "out"]);
        Assert.True(code == 0, errors);
        Assert.Contains("s left", errors);
        Assert.Contains("2 blocks, 600 tokens", output);

        var page = File.ReadAllText(At("out/index.html"));
        foreach (var part in (string[])["<h2>Load</h2>", "<h2>Preferences of the domains</h2>", "<h2>Repeats</h2>",
            "num&lt;b&gt;ers, block 1", "other, block 0"])
            Assert.Contains(part, page);
        Assert.DoesNotContain("<b>ers", page);
        Assert.DoesNotContain("http", page.Replace("http://www.w3.org", "", StringComparison.Ordinal));

        Assert.Equal(1 + 2 * 600, Rows("tokens.csv").Length);
        Assert.Contains(File.ReadAllText(At("out/tokens.csv")), c => c == '\'');
        var load = Rows("load.csv").Skip(1).Select(row => row.Split(',')).ToList();
        Assert.Equal(2 * 3 * 4, load.Count);
        foreach (var group in load.GroupBy(row => (row[0], row[1])))
            Assert.Equal(1, group.Sum(row => double.Parse(row[3], CultureInfo.InvariantCulture)), 1e-6);
        Assert.Equal(1 + 2 * 2 * 4, Rows("preferences.csv").Length);
        Assert.Equal(3, Rows("repetition.csv").Length);
        Assert.Equal(3, Rows("specialization.csv").Length);
        Assert.Single(Rows("coactivation.csv")); // a token has one expert
        Assert.Contains("exists", Fails(["observe", model, "--text", other, "-o", "out"]));
    }

    [Fact]
    public void What_cannot_be_observed_is_refused()
    {
        Assert.Contains("no experts to observe", Fails(["observe", models.Checkpoint(), "--text", models.Text]));
        Assert.Contains("no corpus of that name", Fails(["observe", models.Checkpoint(experts: 4), "--text", "a=nowhere.txt"]));
        Assert.Contains("names no file", Fails(["observe", models.Checkpoint(experts: 4), "--text", "a="]));
        Assert.Contains("--text", Fails(["observe", models.Checkpoint(experts: 4)]));
    }

    private string At(string name) => Path.Combine(_folder, name);

    private string[] Rows(string name) =>
        File.ReadAllText(At("out/" + name)).Split('\n', StringSplitOptions.RemoveEmptyEntries) is var rows && name != "tokens.csv"
            ? rows
            // Texts of tokens have line ends.
            : [.. rows.Where(row => row.Count(c => c == ',') >= 6 && row.StartsWith('"'))];

    private string Write(string name, string text)
    {
        File.WriteAllText(At(name), text);
        return At(name);
    }

    private string Fails(string[] arguments)
    {
        var (code, output, errors) = Cli.Run(_folder, arguments);
        Assert.True(code == 1, output + errors);
        return string.Join(' ', errors.Split('\n', StringSplitOptions.TrimEntries));
    }
}
