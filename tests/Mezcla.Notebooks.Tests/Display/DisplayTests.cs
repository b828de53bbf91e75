namespace Mezcla.Notebooks.Tests;

/// <summary>What cells show on purpose.</summary>
public sealed class DisplayTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==");

    [Fact]
    public async Task A_display_can_be_updated_in_place_also_from_a_later_cell()
    {
        var (result, first) = await cells.Run("var handle = display(1); handle.Update(2); handle");
        Assert.Null(result.Value);
        var (shown, id) = Assert.Single(first.Displays);
        Assert.Equal("1", shown[MimeBundle.PlainText]);
        Assert.Equal(("2", id!), (first.Updates[0].Bundle[MimeBundle.PlainText], first.Updates[0].Id));

        var (_, second) = await cells.Run("handle.Update(\"<b>3</b>\", \"text/html\");");
        Assert.Equal(("<b>3</b>", id!), (second.Updates[0].Bundle[MimeBundle.Html], second.Updates[0].Id));
    }

    [Theory]
    [InlineData("display(\"<i>x</i>\", \"text/html\")", "text/html", "<i>x</i>", "x")]
    [InlineData("\"# T\".DisplayAs(\"text/markdown\")", "text/markdown", "# T", "# T")]
    [InlineData("HTML(\"<b>&lt;x</b><style>b{}</style>\").Display()", "text/html", "<b>&lt;x</b><style>b{}</style>", "<x")]
    [InlineData("display(Javascript(\"alert(1)\"))", "application/javascript", "alert(1)", "(a script that the front end runs)")]
    [InlineData("display(LaTeX(\"$x^2$\"))", "text/latex", "$x^2$", "$x^2$")]
    [InlineData("display(MarkdownText(\"*m*\"))", "text/markdown", "*m*", "*m*")]
    [InlineData("display(new { A = 1 }, \"application/json\")", "application/json", "{\"A\":1}", null)]
    [InlineData("12.5.DisplayAs(\"text/plain\")", "text/plain", "12.5", "12.5")]
    public async Task Contents_are_shown_under_their_type(string code, string mime, string content, string? plain)
    {
        var (_, output) = await cells.Run(code);
        var bundle = Assert.Single(output.Displays).Bundle;
        Assert.Equal(content, bundle[mime]);
        Assert.Equal(plain, bundle[MimeBundle.PlainText]);
    }

    [Fact]
    public async Task A_list_is_shown_as_a_table_on_request()
    {
        var (_, output) = await cells.Run("new[] { (Name: \"router\", Size: 8), (\"expert\", 64) }.DisplayTable();");
        Assert.Contains("<table", Assert.Single(output.Displays).Bundle[MimeBundle.Html]);
        (_, output) = await cells.Run("new[] { new { A = 1 }, new { A = 2 } }.DisplayTable();");
        Assert.Contains("<th>A</th>", Assert.Single(output.Displays).Bundle[MimeBundle.Html]);
    }

    [Fact]
    public async Task Html_is_a_value_too() =>
        Assert.Equal("<b>x</b>", (await cells.Run("HTML(\"<b>x</b>\")")).Result.Value![MimeBundle.Html]);

    [Fact]
    public async Task Pictures_come_from_bytes_and_files()
    {
        var folder = Directory.CreateTempSubdirectory("mezcla-pictures-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "dot.png"), Png);
            using var engine = new CellEngine(new CellEngineOptions { WorkingDirectory = folder.FullName });
            var file = await engine.RunAsync("ImageFile(\"dot.png\")", new RecordingOutput());
            Assert.Equal(Convert.ToBase64String(Png), file.Value!["image/png"]);
            Assert.Equal("dot.png: PNG picture, 70 bytes", file.Value[MimeBundle.PlainText]);
            var svg = await engine.RunAsync("SVG(\"<svg xmlns='http://www.w3.org/2000/svg'/>\")", new RecordingOutput());
            Assert.StartsWith("<svg", svg.Value!["image/svg+xml"], StringComparison.Ordinal);
            Assert.StartsWith("<img alt=\"SVG\" src=\"data:image/svg+xml;base64,", svg.Value[MimeBundle.Html], StringComparison.Ordinal);
            Assert.Contains("neither PNG",
                (await engine.RunAsync("ImageBytes(new byte[] { 1, 2, 3 })", new RecordingOutput())).Error!.Message);
            Assert.Contains("nothere.png", (await engine.RunAsync("ImageFile(\"nothere.png\")", new RecordingOutput())).Error!.Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_bundle_is_json_where_its_type_is_json()
    {
        var bundle = new MimeBundle(new Dictionary<string, string>
        {
            ["application/vnd.plotly.v1+json"] = "{\"data\":[1]}",
            ["application/json"] = "not json",
            ["text/plain"] = "t",
        });
        var json = bundle.ToJson();
        Assert.Equal("{\"application/vnd.plotly.v1\\u002Bjson\":{\"data\":[1]},\"application/json\":\"not json\",\"text/plain\":\"t\"}",
            json.ToJsonString());
        var again = MimeBundle.FromJson(new System.Text.Json.Nodes.JsonObject
        {
            ["text/plain"] = new System.Text.Json.Nodes.JsonArray("a\n", "b"),
            ["application/json"] = new System.Text.Json.Nodes.JsonArray(1, 2),
        });
        Assert.Equal(("a\nb", "[1,2]"), (again["text/plain"], again["application/json"]));
    }

    [Fact]
    public void Progress_reads_well_at_every_moment()
    {
        var state = new ProgressState("train", 450, 1000, TimeSpan.FromSeconds(9), "loss 2.31", IsEnded: false);
        Assert.Equal("train  ██████████░░░░░░░░░░░░░░ 45% · 450/1,000 · 50.0/s · 11 s left · loss 2.31", state.ToText());
        Assert.Contains("<progress value=\"450\" max=\"1000\"", state.ToHtml());
        Assert.Equal("train: 1,000 in 20 s (50.0/s) · loss 1",
            (state with { Value = 1000, Elapsed = TimeSpan.FromSeconds(20), Note = "loss 1", IsEnded = true }).ToText());
        Assert.Equal("train: stopped at 450 of 1,000 after 9.0 s · loss 2.31", (state with { IsEnded = true }).ToText());
        Assert.Equal("3 · 6.7 s each · 20 s", new ProgressState("", 3, null, TimeSpan.FromSeconds(20), "", IsEnded: false).ToText());
        Assert.Equal("0 in 0.00 s", new ProgressState("", 0, 0, TimeSpan.Zero, "", IsEnded: true).ToText());
        Assert.DoesNotContain("<b>", (state with { Label = "<b>", Note = "<b>" }).ToHtml());
    }

    [Theory]
    [InlineData(0.0123, "0.01 s")]
    [InlineData(1.25, "1.3 s")]
    [InlineData(12.4, "12 s")]
    [InlineData(185, "3 min 05 s")]
    [InlineData(7810, "2 h 10 min")]
    public void Times_are_said_the_way_one_says_them(double seconds, string text) =>
        Assert.Equal(text, ProgressState.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public async Task A_bar_updates_one_display_and_ends_as_one_line()
    {
        var (result, output) =
            await cells.Run("foreach (var i in Enumerable.Range(0, 6000).WithProgress(\"work\")) Thread.SpinWait(1000);");
        Assert.Null(result.Error);
        var (_, id) = Assert.Single(output.Displays);
        Assert.All(output.Updates, update => Assert.Equal(id, update.Id));
        // Far fewer updates than steps; how many, the machine's speed decides.
        Assert.InRange(output.Updates.Count, 1, 3000);
        Assert.StartsWith("work: 6,000 in ", output.Updates[^1].Bundle[MimeBundle.PlainText], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bar_tells_where_the_work_stopped()
    {
        var (_, output) =
            await cells.Run("using (var bar = Progress.Bar(10, \"half\")) { for (var i = 1; i <= 5; i++) bar.Report(i, $\"step {i}\"); }");
        Assert.StartsWith("half: stopped at 5 of 10 after ", output.Updates[^1].Bundle[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.EndsWith("step 5", output.Updates[^1].Bundle[MimeBundle.PlainText], StringComparison.Ordinal);
        (_, output) = await cells.Run("foreach (var i in Enumerable.Range(0, 10).WithProgress(\"cut\")) if (i == 3) break;");
        Assert.StartsWith("cut: stopped at 3 of 10", output.Updates[^1].Bundle[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.Contains("negative", (await cells.Error("Progress.Bar(-1)")).Message);
    }
}
