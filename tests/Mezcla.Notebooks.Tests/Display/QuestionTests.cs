using System.Text.Json.Nodes;
using AngleSharp.Html.Parser;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;

namespace Mezcla.Notebooks.Tests;

/// <summary>Questions hide whether an answer is right until the reader opens it, and pages print the right answers at their end.</summary>
public sealed class QuestionTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    private static Question Sum() => new Question("What is 1 + 1 < 3?")
        .Answer("false", "2 is less than 3.").Answer("true <b>", "2 is less than 3: it <b>holds</b>.", correct: true);

    [Fact]
    public async Task A_cell_shows_it()
    {
        var (result, _) = await cells.Run("new Question(\"Which?\").Answer(\"this\", \"No.\").Answer(\"that\", \"Yes.\", correct: true)");
        Assert.Null(result.Error);
        Assert.Equal("? Which?\n  (a) this\n  (b) that\n  Answer: (b). Yes.", result.Value![MimeBundle.PlainText]);
        Assert.Equal("that", JsonNode.Parse(result.Value![Question.MimeType]!)!["answers"]![1]!["text"]!.GetValue<string>());
    }

    [Fact]
    public void Each_answer_opens_to_its_verdict_and_reason()
    {
        var html = new HtmlParser().ParseDocument(Sum().ToMimeBundle()[MimeBundle.Html]);
        var answers = html.QuerySelectorAll("details");
        Assert.Equal(["(a) false", "(b) true <b>"], answers.Select(a => a.QuerySelector("summary")!.TextContent));
        Assert.Equal(["✗ wrong 2 is less than 3.", "✓ right 2 is less than 3: it <b>holds</b>."],
            answers.Select(a => a.QuerySelector("div")!.TextContent));
        Assert.All(answers, a => Assert.False(a.HasAttribute("open")));
    }

    [Fact]
    public void A_question_without_a_choice_or_a_right_answer_is_refused()
    {
        Assert.Contains("It has 1.",
            Assert.Throws<InvalidOperationException>(() => new Question("?").Answer("a", "b", correct: true).ToText()).Message);
        Assert.Throws<InvalidOperationException>(() => new Question("?").Answer("a", "b").Answer("c", "d").ToMimeBundle());
        Assert.Throws<ArgumentException>(() => new Question("?").Answer("a", "b").Answer("a", "d"));
        Assert.Throws<ArgumentException>(() => new Question("?").Answer("a", " "));
    }

    [Fact]
    public void A_page_prints_the_right_answers_at_its_end()
    {
        var notebook = Notebook.ForCSharp();
        var cell = new NotebookCell(CellKind.Code, "ask()");
        cell.Outputs.Add(new DisplayOutput(new MimeBundle(Sum().ToMimeBundle())));
        notebook.Cells.Add(cell);
        var page = new HtmlParser().ParseDocument(NotebookPage.Render(notebook));
        Assert.Equal("What is 1 + 1 < 3? (b) true <b>. 2 is less than 3: it <b>holds</b>.", page.QuerySelector(".answers li")!.TextContent);
        cell.Outputs.Clear();
        Assert.DoesNotContain("class=\"prose answers\"", NotebookPage.Render(notebook));
    }
}
