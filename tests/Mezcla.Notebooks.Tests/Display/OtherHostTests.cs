using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Html;

namespace Mezcla.Notebooks.Tests;

/// <summary>What cells of another kernel see that use this library. The output is the process's, so these tests run alone.</summary>
[Collection(nameof(OtherHostTests))]
[CollectionDefinition(nameof(OtherHostTests), DisableParallelization = true)]
public sealed class OtherHostTests : IDisposable
{
    private readonly RecordingOutput _output = new();

    public OtherHostTests() => OtherHost.Output = _output;

    public void Dispose() => OtherHost.Output = null;

    [Fact]
    public void Claims_and_displays_go_to_the_other_host_and_can_be_replaced_there()
    {
        Claim.Check("two", expected: 2, obtained: 2);
        Assert.Throws<ClaimFailedException>(() => Claim.Holds("never", false));
        var handle = CellFunctions.display("first");
        handle.Update("second");
        CellHelpers.ClearOutput();
        Assert.Equal(
            ["display:✓ two\n  expected: 2 (exactly)\n  obtained: 2", "display:✗ never", "display:first", "update:second", "clear"],
            _output.Events);
        Assert.Equal(handle.Id, _output.Updates.Single().Id);
    }

    [Fact]
    public void A_bar_ends_with_its_line_there()
    {
        using (var bar = Progress.Bar(2, "work"))
            bar.Report(2);
        Assert.StartsWith("work: 2 in", Assert.Single(_output.Updates).Bundle[MimeBundle.PlainText]);
    }

    [Fact]
    public void Questions_to_the_user_are_put_there()
    {
        _output.Input.Enqueue("Ana");
        Assert.Equal("Ana", CellHelpers.ReadLine("Who?"));
        Assert.Equal([("Who?", false)], _output.Asked);
    }

    [Fact]
    public void Only_values_that_other_kernels_show_less_well_have_a_form()
    {
        var picture = CellHelpers.SVG("<svg xmlns='http://www.w3.org/2000/svg'/>");
        Assert.Contains("data:image/svg+xml", ValueForms.FormOf(picture)![MimeBundle.Html]);
        Assert.Contains("<math", ValueForms.FormOf(CellHelpers.LaTeX("$x^2$"))![MimeBundle.Html]);
        Assert.Contains("<table", ValueForms.FormOf(new[] { new { A = 1, B = "x" } })![MimeBundle.Html]);
        var question = new Question("Q").Answer("a", "b").Answer("c", "d", correct: true);
        Assert.Contains("? Q", ValueForms.FormOf(question)![MimeBundle.PlainText]);
        Assert.All(new object[] { 5, "text", new[] { 1, 2 }, new Version(1, 2) }, value => Assert.Null(ValueForms.FormOf(value)));
        Assert.True(ValueForms.HasForm(typeof(Exercise)));
        Assert.False(ValueForms.HasForm(typeof(string)));
    }
}
