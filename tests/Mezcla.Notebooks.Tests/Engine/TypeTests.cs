namespace Mezcla.Notebooks.Tests;

/// <summary>Types declared in cells: those scripts can't hold, those declared again, those that need each other.</summary>
public sealed class TypeTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task Namespaces_can_be_declared_and_opened()
    {
        await cells.Value("namespace Geo { public record Pt(double X, double Y); enum Axis { X, Y } }");
        Assert.Equal(3.0, await cells.Value("using Geo; new Pt(3, 4).X"));
        Assert.Equal("Y", (await cells.Value("Geo.Axis.Y"))!.ToString());
        await cells.Value("namespace Filed;\nclass Inside { public int V => 9; }\n");
        Assert.Equal(9, await cells.Value("new Filed.Inside().V"));
    }

    [Fact]
    public async Task Static_classes_with_extension_methods_and_extension_blocks_work()
    {
        await cells.Value("""
            static class StringMore
            {
                public static int Twice3(this int n) => 2 * n;
                extension(string s) { public string Shout() => s.ToUpper() + "!"; public int Vowels => s.Count(c => "aeiou".Contains(c)); }
            }
            """);
        Assert.Equal("6 HEY! 5", await cells.Value("$\"{3.Twice3()} {\"hey\".Shout()} {\"education\".Vowels}\""));
    }

    [Fact]
    public async Task An_extension_block_may_stand_alone_and_be_replaced()
    {
        await cells.Value("using System.Text;\nextension(double x) { public double Squared => new StringBuilder().Length + x * x; }");
        Assert.Equal(9.0, await cells.Value("3.0.Squared"));
        await cells.Value("extension(double x) { public double Squared => -x * x; }");
        Assert.Equal(-9.0, await cells.Value("3.0.Squared"));
        await AssertErrorAt("extension(double x) {\n    public double Wrong => nowhere; }", "nowhere");
    }

    [Fact]
    public async Task Extensions_see_types_of_earlier_cells()
    {
        await cells.Value("record Money(int Cents); var coins = new[] { new Money(5), new Money(20) };");
        await cells.Value("static class MoneyMore { public static int Total(this IEnumerable<Money> all) => all.Sum(m => m.Cents); }");
        Assert.Equal(25, await cells.Value("coins.Total()"));
    }

    [Fact]
    public async Task A_type_can_be_declared_again_and_values_of_the_old_one_stay_usable()
    {
        await cells.Value(
            "class P4 { public int A => 1; } class Box4<T> { public T V; } var p4 = new P4(); var box4 = new Box4<P4> { V = p4 };");
        await cells.Value(
            "static class P4More { public static int Both4(this P4 p) => p.A * 10; public static int More4(this P4 p) => p.Both4() + 1; }");
        Assert.Equal(11, await cells.Value("p4.More4()"));
        Assert.Equal(21,
            await cells.Value(
                "static class P4More { public static int Both4(this P4 p) => p.A * 20; public static int More4(this P4 p) => p.Both4() + " +
                    "1; } p4.More4()"));
        Assert.Equal(4, await cells.Value("class P4 { public int B => 2; } var q4 = new P4(); q4.B + p4.A + box4.V.A"));
        Assert.Equal(20, await cells.Value("static class P4More { public static int Both4(this P4 p) => p.B * 10; } new P4().Both4()"));
        Assert.Equal(20, await cells.Value("P4More.Both4(new P4())"));
        Assert.Equal(2, await cells.Value("class Box4<T> { public T W; } new Box4<P4> { W = q4 }.W.B"));
        var error = await cells.Error("p4 = q4;");
        Assert.Contains("defined again", string.Join('\n', error.Traceback));
        Assert.DoesNotContain("Version=", string.Join('\n', error.Traceback));
    }

    [Fact]
    public async Task Types_that_need_each_other_can_be_declared_together_and_again_in_part()
    {
        await cells.Value("class A5 { public B5 b; } class B5 { public A5 a; }");
        await cells.Value("class B5 { public int z = 3; }");
        Assert.Equal(3, await cells.Value("new B5().z"));
        Assert.Null(await cells.Value("new A5().b?.a"));
        await cells.Value("class A5 { public B5 b; public int Again = 1; } class B5 { public A5 a; }");
        Assert.Equal(1, await cells.Value("new A5().Again"));
    }

    [Fact]
    public async Task Namespaced_types_can_be_declared_again()
    {
        await cells.Value("namespace N6 { class R { public int X = 1; internal int Hidden = 5; } class S { public int K = 2; } }");
        Assert.Equal(6, await cells.Value("using N6; new R().X + new R().Hidden"));
        await cells.Value("namespace N6 { class R { public int Y = 7; } }");
        Assert.Equal(9, await cells.Value("new R().Y + new S().K"));
    }

    [Fact]
    public async Task Interfaces_are_implemented_across_cells()
    {
        await cells.Value(
            "interface IShape { double Area { get; } } record Circle(double R) : IShape { public double Area => 3 * R * R; }");
        await cells.Value(
            "record Square(double S) : IShape { public double Area => S * S; } abstract class Base7 { protected abstract int Get(); " +
                "public int Value => Get(); }");
        Assert.Equal(7.0, await cells.Value("List<IShape> shapes = [new Circle(1), new Square(2)]; shapes.Sum(s => s.Area)"));
        Assert.Equal(4, await cells.Value("class Derived7 : Base7 { protected override int Get() => 4; } new Derived7().Value"));
    }

    [Fact]
    public async Task A_class_may_use_static_members_of_cells_but_not_variables()
    {
        Assert.Equal(3,
            await cells.Value(
                "static int counter8 = 0; static int Next8() => ++counter8; class Ticker { public int Tick() => Next8(); } new " +
                    "Ticker().Tick() + new Ticker().Tick()"));
        Assert.Contains("can't use a cell's variables",
            string.Join('\n', (await cells.Error("int local8 = 1; class Sees { public int V => local8; }")).Traceback));
    }

    [Fact]
    public async Task Names_of_types_are_clean()
    {
        Assert.Equal("Point9 { X = 1, Y = 2 }",
            (await cells.Run("record Point9(int X, int Y); new Point9(1, 2)")).Result.Value![MimeBundle.PlainText]);
        Assert.Equal("Point9", (await cells.Value("typeof(Point9)"))!.ToString());
    }

    [Fact]
    public async Task Errors_in_types_have_their_place()
    {
        await AssertErrorAt("static class Oops10\n{\n    public static int Z() => nowhere;\n    public static int Y(this int x) => x;\n}",
            "nowhere");
        await AssertErrorAt("var fine = 1;\nclass Oops11\n{   int z = nowhere; }", "nowhere");
        await AssertErrorAt("namespace Oops12 {\n  class In { int z = nowhere; } }", "nowhere");
    }

    /// <summary>The error must be reported where the unknown name stands.</summary>
    private async Task AssertErrorAt(string code, string name)
    {
        var error = await cells.Error(code);
        Assert.Contains(name, error.Message);
        var before = code[..code.IndexOf(name, StringComparison.Ordinal)];
        Assert.Equal(before.Count(character => character == '\n') + 1, error.Line);
        Assert.Equal(before.Length - (before.LastIndexOf('\n') + 1) + 1, error.Column);
    }
}
