using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Tests.Documents;

/// <summary>The glossary holds each defining sentence once, and knows of links that lead nowhere.</summary>
public sealed class GlossaryTests
{
    [Theory]
    [InlineData("First. A [**logit**](glossary.md#logit) is a score. Last.", "A **logit** is a score.")]
    [InlineData("A [**logit**](glossary.md#logit), e.g. 2.5 or −1, is\na score (Bridle et al. 1990).\n\nMore.",
        "A **logit**, e.g. 2.5 or −1, is a score (Bridle et al. 1990).")]
    [InlineData("Is it “one”? A [**logit**](glossary.md#logit) is what [softmax](glossary.md#logit) reads!",
        "A **logit** is what softmax reads!")]
    [InlineData("- A [**logit**](glossary.md#logit) is a score", "A **logit** is a score")]
    public void An_entry_is_the_sentence_of_its_definition(string prose, string sentence)
    {
        var entry = Assert.Single(Glossary.Of([("02.ipynb", Chapter($"# Learning\n\n{prose}"))]).Entries);
        Assert.Equal(new("logit", "logit", sentence, "02.ipynb", "Learning"), entry);
    }

    [Fact]
    public void It_is_sorted_and_every_entry_has_an_anchor_and_a_link()
    {
        var glossary = Glossary.Of(
        [
            ("1.ipynb", Chapter("# One\n\nA [**token**](glossary.md#token) is a piece.")),
            ("2.ipynb", Chapter("# Two\n\nThe [**loss**](glossary.md#loss) of a [token](glossary.md#token) is a number.")),
        ]);
        Assert.EndsWith("""

            <a id="loss"></a>The **loss** of a token is a number. ([Two](2.ipynb))

            <a id="token"></a>A **token** is a piece. ([One](1.ipynb))

            """.ReplaceLineEndings("\n"), glossary.ToMarkdown());
    }

    [Fact]
    public void A_second_definition_and_a_link_to_nothing_are_refused()
    {
        var one = Chapter("A [**token**](glossary.md#token) is a piece.");
        Assert.Contains("b.ipynb defines 'token', and a.ipynb does so already",
            Assert.Throws<InvalidDataException>(() => Glossary.Of([("a.ipynb", one), ("b.ipynb", one)])).Message);
        Assert.Contains("c.ipynb links to 'loss' in the glossary, and no notebook defines it",
            Assert.Throws<InvalidDataException>(() => Glossary.Of([("c.ipynb", Chapter("A [loss](glossary.md#loss)."))])).Message);
    }

    private static Notebook Chapter(string prose)
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new(CellKind.Markdown, prose));
        return notebook;
    }
}
