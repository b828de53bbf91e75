namespace Mezcla.Notebooks.Tests;

/// <summary>Completion, inspection, and whether code is complete. A bar in the code stands for the cursor.</summary>
public sealed class LanguageTests(LanguageTests.PreparedEngine cells) : IClassFixture<LanguageTests.PreparedEngine>
{
    [Theory]
    [InlineData("myNum|", "myNumbers")]
    [InlineData("mynum|", "myNumbers")]
    [InlineData("myNumbers.Cou|", "Count")]
    [InlineData("myNumbers.|", "Add")]
    [InlineData("myNumbers.|\nvar next = 1;", "Add")]
    [InlineData("var x = myNumbers.Whe|;", "Where")]
    [InlineData("Console.WriteLine(myText.Le|", "Length")]
    [InlineData("myText?.ToUp|", "ToUpper")]
    [InlineData("Math.Sq|", "Sqrt")]
    [InlineData("System.IO.Pa|", "Path")]
    [InlineData("using System.Te|", "Text")]
    [InlineData("new List<int>().Ad|", "Add")]
    [InlineData("new Dictio|", "Dictionary")]
    [InlineData("new Animal { Le|", "Legs")]
    [InlineData("new Animal { Legs = 1, Na|", "Name")]
    [InlineData("var other = myAnimal with { Le|", "Legs")]
    [InlineData("Describe(myAnimal, lou|", "loudly:")]
    [InlineData("myNumbers.Select(n => n.CompareT|", "CompareTo")]
    [InlineData("var day = DayOfWeek.Fri|", "Friday")]
    [InlineData("myDay == |", "DayOfWeek.Monday")]
    [InlineData("myText.Bar|", "Barked")]
    [InlineData("myText.Meo|", "Meowed")]
    [InlineData("disp|", "display")]
    [InlineData("foreac|", "foreach")]
    [InlineData("int Local(int argument) { return argu|", "argument")]
    [InlineData("new SB|", "StringBuilder")]
    [InlineData("from n in myNumbers where n.|", "CompareTo")]
    [InlineData("Animal.Cre|", "Create")]
    [InlineData("typeof(Anim|", "Animal")]
    [InlineData("await Task.Del|", "Delay")]
    [InlineData("#!csharp\nmyNumbers.Cou|", "Count")]
    [InlineData("#!mark|", "#!markdown")]
    [InlineData("#r \"nu|", null)]
    public async Task Completion_offers(string code, string? expected)
    {
        var (text, cursor) = Cursor(code);
        var result = await cells.Engine.CompleteAsync(text, cursor);
        if (expected is null)
        {
            Assert.Empty(result.Items);
            return;
        }

        Assert.Contains(result.Items, item => item.Text == expected);
        Assert.Equal(cursor, result.End);
        Assert.True(result.Start <= cursor);
    }

    [Theory]
    [InlineData("// myNum|")]
    [InlineData("\"myNum|\"")]
    [InlineData("/* myNum| */")]
    public async Task Comments_and_strings_are_left_alone(string code)
    {
        var (text, cursor) = Cursor(code);
        Assert.Empty((await cells.Engine.CompleteAsync(text, cursor)).Items);
    }

    [Fact]
    public async Task The_best_come_first_and_statics_do_not_mix_with_instances()
    {
        Assert.Equal("myNumbers", (await cells.Engine.CompleteAsync("myN", 3)).Items[0].Text);
        Assert.Equal(new Completion("myNumbers", "variable", "List<int> myNumbers"),
            (await cells.Engine.CompleteAsync("myNumbers", 9)).Items[0]);
        Assert.DoesNotContain((await cells.Engine.CompleteAsync("myText.", 7)).Items, item => item.Text is "IsNullOrEmpty" or "Format");
        Assert.DoesNotContain((await cells.Engine.CompleteAsync("string.", 7)).Items, item => item.Text == "Length");
        Assert.DoesNotContain((await cells.Engine.CompleteAsync("CellGu", 6)).Items, item => item.Text == "CellGuard");
    }

    [Fact]
    public async Task Paths_are_completed_in_directives()
    {
        var folder = Directory.CreateTempSubdirectory("mezcla-paths-");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "scripts"));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "scripts", "tools.csx"), "");
            using var engine = new CellEngine(new CellEngineOptions { WorkingDirectory = folder.FullName });
            Assert.Equal("scripts/", Assert.Single((await engine.CompleteAsync("#load \"scr", 10)).Items).Text);
            var inside = await engine.CompleteAsync("#load \"scripts/t", 16);
            Assert.Equal(("scripts/tools.csx", 7, 16), (Assert.Single(inside.Items).Text, inside.Start, inside.End));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Completion_answers_while_a_cell_runs()
    {
        var running = cells.Engine.RunAsync("while (true) ;", new RecordingOutput());
        var result = await cells.Engine.CompleteAsync("myNumbers.Cou", 13);
        cells.Engine.Interrupt();
        await running;
        Assert.Contains(result.Items, item => item.Text == "Count");
    }

    [FsCheck.Xunit.Property(MaxTest = 40)]
    public bool Any_text_and_cursor_get_an_answer(string? code, int cursor)
    {
        var text = code ?? "";
        var completion = cells.Engine.CompleteAsync(text, cursor).GetAwaiter().GetResult();
        cells.Engine.InspectAsync(text, cursor).GetAwaiter().GetResult();
        cells.Engine.IsComplete(text);
        return completion.Start >= 0 && completion.Start <= completion.End && completion.End <= text.Length;
    }

    [Theory]
    [InlineData("myNumb|ers", "List<int> myNumbers", "Value: [3, 1, 2]")]
    [InlineData("Desc|ribe(myAnimal)", "string Describe(Animal animal, bool loudly = false)", "Says what an animal is.")]
    [InlineData("Describe(|", "string Describe(Animal animal, bool loudly = false)", "- animal: Which one.")]
    [InlineData("Ani|mal a = null;", "record Animal", "Something alive.")]
    [InlineData("myAnimal.Legs|", "int Animal.Legs { get; init; }", "How many legs.")]
    [InlineData("myText.Bark|ed()", "string string.Barked()", "Barks.")]
    public async Task Inspection_tells_declaration_and_documentation(string code, string declaration, string text)
    {
        var (source, cursor) = Cursor(code);
        var bundle = await cells.Engine.InspectAsync(source, cursor);
        Assert.NotNull(bundle);
        Assert.StartsWith(declaration, bundle[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.Contains(text, bundle[MimeBundle.PlainText]);
        Assert.Contains("<code", bundle[MimeBundle.Html]);
    }

    [Fact]
    public async Task Inspection_knows_dotnets_documentation_where_the_sdk_is()
    {
        Assert.SkipWhen(FrameworkDocumentation.Find("T:System.String", "System.Private.CoreLib") is null,
            "The SDK's reference pack is not installed.");
        var brief = (await cells.Engine.InspectAsync("Math.Sqrt(2)", 7))![MimeBundle.PlainText];
        Assert.StartsWith("double Math.Sqrt(double d)", brief, StringComparison.Ordinal);
        Assert.Contains("Returns the square root of a specified number.", brief);
        Assert.Contains("- d: ", brief);
        var full = (await cells.Engine.InspectAsync("string.Join", 9, detail: 1))![MimeBundle.PlainText];
        Assert.Contains("Overloads:", full);
    }

    [Fact]
    public async Task There_is_nothing_to_say_about_nothing()
    {
        Assert.Null(await cells.Engine.InspectAsync("", 0));
        Assert.Null(await cells.Engine.InspectAsync("   // comment", 8));
        Assert.Null(await cells.Engine.InspectAsync("1 + 1", 2));
        Assert.Null(await cells.Engine.InspectAsync("unknownThing", 3));
    }

    [Theory]
    [InlineData("var x = 1;", Completeness.Complete, "")]
    [InlineData("x", Completeness.Complete, "")]
    [InlineData("", Completeness.Complete, "")]
    [InlineData("if (true) {", Completeness.Incomplete, "    ")]
    [InlineData("class A {\n    void M() {", Completeness.Incomplete, "        ")]
    [InlineData("Console.WriteLine(", Completeness.Incomplete, "    ")]
    [InlineData("var s = \"\"\"\n  open", Completeness.Incomplete, "")]
    [InlineData("/* open", Completeness.Incomplete, "")]
    [InlineData("var x = ;", Completeness.Invalid, "")]
    [InlineData("}", Completeness.Invalid, "")]
    [InlineData("#!markdown\nany ( text", Completeness.Complete, "")]
    [InlineData("#r \"nuget: A\"\nif (true) {", Completeness.Incomplete, "    ")]
    [InlineData("using var m = new MemoryStream();", Completeness.Complete, "")]
    [InlineData("namespace A { class B { } }", Completeness.Complete, "")]
    [InlineData("extension(int x) { public int Y => x; }", Completeness.Complete, "")]
    public void Completeness_is_judged(string code, Completeness status, string indent) =>
        Assert.Equal(new CompletenessResult(status, indent), cells.Engine.IsComplete(code));

    private static (string Text, int Cursor) Cursor(string code)
    {
        var cursor = code.IndexOf('|', StringComparison.Ordinal);
        return (code.Remove(cursor, 1), cursor);
    }

    /// <summary>An engine in which a few things have been declared.</summary>
    public sealed class PreparedEngine : IDisposable
    {
        public PreparedEngine()
        {
            Run("""
                using System.Text;
                /// <summary>Something alive.</summary>
                record Animal
                {
                    /// <summary>How many legs.</summary>
                    public int Legs { get; init; }
                    public string Name { get; init; } = "";
                    public static Animal Create() => new();
                }
                static class Noises
                {
                    /// <summary>Barks.</summary>
                    public static string Barked(this string text) => text + "!";
                    extension(string text) { public string Meowed => text + "?"; }
                }
                """);
            Run("""
                List<int> myNumbers = [3, 1, 2]; string myText = "abc"; var myAnimal = new Animal(); var myDay = DayOfWeek.Monday;
                /// <summary>Says what an animal is.</summary>
                /// <param name="animal">Which one.</param>
                string Describe(Animal animal, bool loudly = false) => animal.Name;
                """);
        }

        public CellEngine Engine { get; } = new();

        public void Dispose() => Engine.Dispose();

        private void Run(string code) => Assert.Null(Engine.RunAsync(code, new RecordingOutput()).GetAwaiter().GetResult().Error);
    }
}
