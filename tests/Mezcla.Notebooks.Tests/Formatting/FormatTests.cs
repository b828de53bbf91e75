using System.Numerics;
using System.Text.Json.Nodes;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using FsCheck.Xunit;

namespace Mezcla.Notebooks.Tests;

/// <summary>How values look as HTML and as text.</summary>
public sealed class FormatTests
{
    private readonly FormatterSet _formatters = new();

    public static TheoryData<object?, string> Texts => new()
    {
        { null, "null" },
        { "as it is", "as it is" },
        { 1.0 / 3, "0.3333333333333333" },
        { 0.1f, "0.1" },
        { 12345678.9m, "12345678.9" },
        { BigInteger.Pow(10, 20), "100000000000000000000" },
        { true, "True" },
        { DayOfWeek.Friday, "Friday" },
        { new DateTime(2026, 11, 24), "2026-11-24" },
        { new DateTime(2026, 11, 24, 1, 2, 3), "2026-11-24 01:02:03" },
        { TimeSpan.FromMinutes(90), "01:30:00" },
        { typeof(Dictionary<string, int[]>), "System.Collections.Generic.Dictionary<string, int[]>" },
        { (1, "a"), "(1, a)" },
        { new[] { 1, 2, 3 }, "[1, 2, 3]" },
        { new[] { 1.0 / 3, 2 }, "[0.333333, 2]" },
        { new List<string> { "x", "y" }, "[x, y]" },
        { Array.Empty<int>(), "[]" },
        { new Dictionary<string, int> { ["a"] = 1 }, "Key  Value\n───  ─────\na        1" },
        { new { A = 1, B = "two" }, "anonymous { A = 1, B = two }" },
        { new Person("Ada", 36), "Person { Name = Ada, Age = 36 }" },
        { new Plain(), "FormatTests.Plain { Number = 7, List = [1, 2], Self = (itself) }" },
        { new double[,] { { 1, 2 }, { 3, 4.5 } }, "   0    1\n─  ─  ───\n0  1    2\n1  3  4.5" },
        { new[] { new Person("Ada", 36), new Person("Alan", 41) }, "Name  Age\n────  ───\nAda    36\nAlan   41" },
        { new ReadOnlyMemory<int>([1, 2]), "[1, 2]" },
        { new Failing(), "FormatTests.Failing { Good = 1, Bad = (threw System.InvalidOperationException: not today) }" },
        { new Version(1, 2), "1.2" },
        { new Uri("https://example.org/a?b"), "https://example.org/a?b" },
    };

    [Theory]
    [MemberData(nameof(Texts), DisableDiscoveryEnumeration = true)]
    public void Values_read_well_as_text(object? value, string text) =>
    Assert.Equal(text, _formatters.ToBundle(value)[MimeBundle.PlainText]);

    [Fact]
    public void A_column_of_numbers_that_are_text_is_aligned_as_numbers_are()
    {
        var rows = new[] { new { Count = "1,024", Name = "a" }, new { Count = "−2.5 %", Name = "7 b c" } };
        var html = _formatters.ToBundle(rows)[MimeBundle.Html]!;
        Assert.Contains("<td class=\"n\">1,024</td><td>a</td>", html);
        Assert.Contains("<td class=\"n\">", html.Split("<tr>")[^1]);
        Assert.Contains("<td>7 b c</td>", html);
    }

    [Theory]
    [InlineData("MeanLossAt25", "Mean loss at 25"), InlineData("ChipsOf80GB", "Chips of 80 GB")]
    [InlineData("UsedByAToken", "Used by a token")]
    [InlineData("FLOP", "FLOP"), InlineData("α", "α"), InlineData("a", "a"), InlineData("Q4_K", "Q4_K"), InlineData("Bits", "Bits")]
    public void A_name_of_several_words_is_written_as_words(string name, string words) => Assert.Equal(words, TypeNames.Words(name));

    [Fact]
    public void What_an_anonymous_type_names_is_written_as_words()
    {
        var rows = new[] { new { MeanLoss = 2.5 } };
        Assert.Equal("Mean loss\n─────────\n      2.5", _formatters.ToBundle(rows)[MimeBundle.PlainText]);
        var html = _formatters.ToBundle(new { MeanLoss = 2.5 })[MimeBundle.Html]!;
        Assert.Contains("<th>Mean loss</th>", html);
        Assert.DoesNotContain("anonymous", html);
        Assert.Contains("Person</th></tr></thead>", _formatters.ToBundle(new Person("Ada", 36))[MimeBundle.Html]);
    }

    [Fact]
    public void Scalars_have_no_html_and_structures_have()
    {
        Assert.Null(_formatters.ToBundle(3)[MimeBundle.Html]);
        Assert.Null(_formatters.ToBundle("text")[MimeBundle.Html]);
        Assert.NotNull(_formatters.ToBundle(new[] { 1 })[MimeBundle.Html]);
        Assert.NotNull(_formatters.ToBundle(new Person("Ada", 36))[MimeBundle.Html]);
    }

    [Fact]
    public void A_sequence_of_records_is_a_table()
    {
        var table = Html(new[] { new Person("Ada", 36), new Person("Alan", 41) }).QuerySelector("table")!;
        Assert.Equal(["Name", "Age"], table.QuerySelectorAll("thead th").Select(cell => cell.TextContent));
        Assert.Equal(["Ada", "36", "Alan", "41"], table.QuerySelectorAll("tbody td").Select(cell => cell.TextContent));
        Assert.Equal(2, table.QuerySelectorAll("td.n").Length);
    }

    [Fact]
    public void A_table_of_different_types_has_the_columns_of_all()
    {
        var table = Html(new object[] { new Person("Ada", 36), new { Name = "Cat", Legs = 4 } }).QuerySelector("table")!;
        Assert.Equal(["Name", "Age", "Legs"], table.QuerySelectorAll("thead th").Select(cell => cell.TextContent));
        Assert.Equal(["Ada", "36", "", "Cat", "", "4"], table.QuerySelectorAll("tbody td").Select(cell => cell.TextContent));
    }

    [Fact]
    public void Large_things_are_cut_with_a_count()
    {
        var people = Enumerable.Range(0, 1234).Select(i => new Person("P", i)).ToList();
        Assert.EndsWith("… 1,184 more rows, 1,234 in all", _formatters.ToBundle(people)[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.Equal(50, Html(people).QuerySelectorAll("tbody tr").Length);
        Assert.Contains("… 999,900 more items, 1,000,000 in all", _formatters.ToBundle(new int[1_000_000])[MimeBundle.PlainText]);
        Assert.Contains("50 of 300 rows, 20 of 400 columns shown", _formatters.ToBundle(new float[300, 400])[MimeBundle.PlainText]);
        Assert.True(_formatters.ToBundle(new float[300, 400])[MimeBundle.Html]!.Length < 60_000);
        Assert.Contains("20 of 30 columns", _formatters.ToBundle(new[] { new int[30], new int[30] })[MimeBundle.PlainText]);
    }

    [Fact]
    public void Endless_sequences_are_not_counted()
    {
        static IEnumerable<int> Naturals()
        {
            for (var i = 0; ; i++)
                yield return i;
        }

        Assert.Contains("the first 100 items shown, there are more", _formatters.ToBundle(Naturals())[MimeBundle.PlainText]);
    }

    [Fact]
    public void Parts_of_parts_are_folded_and_cycles_end()
    {
        var node = new Node("a") { Next = new Node("b") };
        node.Next.Next = node;
        var document = Html(node);
        Assert.Equal("(itself)", document.QuerySelectorAll("td").Last().TextContent);
        Assert.NotNull(document.QuerySelector("td details table"));

        Node? chain = null;
        for (var i = 0; i < 100; i++)
            chain = new Node($"{i}") { Next = chain };

        Assert.InRange(_formatters.ToBundle(chain)[MimeBundle.Html]!.Length, 10, 10_000);
    }

    [Fact]
    public void The_whole_is_bounded_even_when_every_part_is_large()
    {
        var rows = Enumerable.Range(0, 100)
            .Select(
                _ =>
                    new
                    {
                        Inner = Enumerable.Range(0, 100)
                            .Select(_ => new { Deep = Enumerable.Range(0, 100).Select(_ => new Person("x", 1)).ToList() }).ToList()
                    }).ToList();
        Assert.InRange(_formatters.ToBundle(rows)[MimeBundle.Html]!.Length, 1000, 3_000_000);
    }

    [Fact]
    public void Jagged_arrays_of_numbers_are_matrices()
    {
        var table = Html(new[] { new[] { 1, 2 }, new[] { 3 } }).QuerySelector("table")!;
        Assert.Equal(["1", "2", "3", ""], table.QuerySelectorAll("tbody td").Select(cell => cell.TextContent));
    }

    [Fact]
    public void Blocks_of_three_dimensions_are_told_with_their_shape()
    {
        var text = _formatters.ToBundle(new float[2, 3, 4])[MimeBundle.PlainText];
        Assert.StartsWith("float[2, 3, 4]", text, StringComparison.Ordinal);
        Assert.Contains("float[3, 4]", text);
        Assert.Contains("too large to show", _formatters.ToBundle(new float[100, 100, 100])[MimeBundle.PlainText]);
    }

    [Fact]
    public void Exceptions_show_what_they_say()
    {
        var text = _formatters.ToBundle(new InvalidOperationException("<no>"));
        Assert.StartsWith("System.InvalidOperationException: <no>", text[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.Contains("&lt;no&gt;", text[MimeBundle.Html]);
    }

    [Fact]
    public void Json_is_json()
    {
        var bundle = _formatters.ToBundle(JsonNode.Parse("{\"a\":[1,2]}"));
        Assert.Equal("{\"a\":[1,2]}", bundle[MimeBundle.Json]);
        Assert.Contains("\n", bundle[MimeBundle.PlainText]);
    }

    [Property(MaxTest = 200)]
    public bool Nothing_in_data_becomes_markup(string?[] texts, string? key)
    {
        var rows = texts.Select(text => new { Text = text + "<script>alert(1)</script>", Nested = new { Inner = $"\"'><img src=x>{key}" } })
            .ToList();
        object value = texts.Length % 3 == 0 ? rows : texts.Length % 3 == 1
            ? rows.ToDictionary(row => row.Text + row.GetHashCode() + Guid.NewGuid()) : new { Rows = rows, Key = key };
        var document = Html(value);
        return document.QuerySelectorAll("script, img").Length == 0;
    }

    [Fact]
    public void Names_are_encoded_too() =>
        Assert.Empty(
            Html(new[] { new Dictionary<string, object> { ["<script>x</script>"] = "<script>y</script>" } }).QuerySelectorAll("script"));

    [Fact]
    public void A_library_can_bring_its_own_forms_without_knowing_this_one()
    {
        var bundle = _formatters.ToBundle(new Drawing());
        Assert.Equal(["text/html", "application/vnd.test+json", "text/plain"], bundle.Data.Keys);
        Assert.Equal("<svg></svg>", bundle[MimeBundle.Html]);
        Assert.Equal("<svg></svg>", _formatters.ToText(new Drawing(), MimeBundle.Html));

        // Inside other values too.
        Assert.Contains("<td><svg></svg></td>", _formatters.ToBundle(new[] { new { D = new Drawing() } })[MimeBundle.Html]);
    }

    [Fact]
    public void Formatters_apply_to_types_bases_interfaces_and_open_generics()
    {
        _formatters.Register(typeof(Person), MimeBundle.Html, value => $"<b>{((Person)value).Name}</b>");
        _formatters.Register(typeof(List<>), MimeBundle.PlainText, _ => "some list");
        _formatters.Register(typeof(IComparable<Version>), MimeBundle.PlainText, _ => "a version");
        Assert.Equal("<b>Ada</b>", _formatters.ToBundle(new Student("Ada"))[MimeBundle.Html]);
        Assert.Equal("some list", _formatters.ToBundle(new List<int>())[MimeBundle.PlainText]);
        Assert.Equal("a version", _formatters.ToBundle(new Version(1, 0))[MimeBundle.PlainText]);
        Assert.Contains("<td><b>Ada</b></td>", _formatters.ToBundle(new[] { new { Who = new Person("Ada", 1) } })[MimeBundle.Html]);

        _formatters.Prefer(typeof(Person), [MimeBundle.PlainText]);
        Assert.Equal([MimeBundle.PlainText], _formatters.ToBundle(new Student("Ada")).Data.Keys);
        _formatters.Clear();
        Assert.DoesNotContain("<b>", _formatters.ToBundle(new Person("Ada", 1))[MimeBundle.Html]);
    }

    [Fact]
    public async Task Cells_register_formatters_for_their_engine_only()
    {
        using var one = new CellEngine();
        using var two = new CellEngine();
        const string Code = "Formatter.Register<Uri>(uri => $\"<a>{uri.Host}</a>\"); Formatter.Register<Version>((version, writer) => " +
            "writer.Write(\"v\" + version), \"text/plain\");"
            + "Formatter.SetPreferredMimeTypesFor(typeof(int[]), \"text/plain\");";
        Assert.Null((await one.RunAsync(Code, new RecordingOutput())).Error);
        Assert.Equal("<a>example.org</a>",
            (await one.RunAsync("new Uri(\"https://example.org\")", new RecordingOutput())).Value![MimeBundle.Html]);
        Assert.Equal("v1.2", (await one.RunAsync("new Version(1, 2)", new RecordingOutput())).Value![MimeBundle.PlainText]);
        Assert.Equal(["text/plain"], (await one.RunAsync("new[] { 1 }", new RecordingOutput())).Value!.Data.Keys);
        Assert.Equal("v1.3", (await one.RunAsync("new Version(1, 3).ToDisplayString()", new RecordingOutput())).ReturnValue);
        Assert.Null((await two.RunAsync("new Uri(\"https://example.org\")", new RecordingOutput())).Value![MimeBundle.Html]);
    }

    [Theory]
    [InlineData(typeof(int?), "int?")]
    [InlineData(typeof(int[,][]), "int[,][]")]
    [InlineData(typeof(Dictionary<string, List<(int, double)>>), "Dictionary<string, List<(int, double)>>")]
    [InlineData(typeof(Dictionary<int, string>.KeyCollection), "Dictionary<int, string>.KeyCollection")]
    [InlineData(typeof(void), "void")]
    public void Types_are_named_as_in_source(Type type, string name) => Assert.Equal(name, TypeNames.Short(type));

    private IHtmlDocument Html(object value) => new HtmlParser().ParseDocument(_formatters.ToBundle(value)[MimeBundle.Html] ?? "");

    private record Person(string Name, int Age);

    private sealed record Student(string Name) : Person(Name, 20);

    [Fact]
    public void What_a_type_draws_in_lines_is_shown_before_its_members()
    {
        var html = _formatters.ToBundle(new Grid())[MimeBundle.Html]!;
        Assert.Contains("<pre>[[1, 2],\n [3, &lt;4&gt;]]</pre><details>", html);
        Assert.Contains("Rank", html);
        Assert.DoesNotContain("<pre>Note", _formatters.ToBundle(new Note("a\nb"))[MimeBundle.Html]!);
    }

    private sealed class Plain
    {
        public int Number => 7;

        public List<int> List { get; } = [1, 2];

        public Plain Self => this;
    }

    private sealed class Grid
    {
        public int Rank => 2;

        public override string ToString() => "[[1, 2],\n [3, <4>]]";
    }

    private sealed record Note(string Text);

    private sealed class Failing
    {
        public int Good => 1;

        public int Bad => throw new InvalidOperationException("not today");
    }

    private sealed class Node(string name)
    {
        public string Name => name;

        public Node? Next { get; set; }
    }

    private sealed class Drawing
    {
        public IReadOnlyDictionary<string, string> ToMimeBundle() =>
            new Dictionary<string, string> { ["text/html"] = "<svg></svg>", ["application/vnd.test+json"] = "{}" };
    }
}
