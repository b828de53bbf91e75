using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Cells;

/// <summary>
/// A question to answer before its result is shown. The reader opens an answer and reads whether it is right, and why. To show the
/// question, make it the last expression of a cell:
/// <code>
/// new Question("What is 0.1 + 0.2 in a computer?")
///     .Answer("exactly 0.3", "Neither 0.1 nor 0.2 has a finite binary expansion.")
///     .Answer("a little more than 0.3", "The rounded parts add up to 0.30000000000000004.", correct: true)
/// </code>
/// It needs no scripts. On paper, where nothing can be opened, a page gives the right answers at its end.
/// </summary>
/// <param name="text">The question.</param>
public sealed class Question(string text)
{
    /// <summary>MIME type of the machine-readable form: an object with <c>question</c> and <c>answers</c>, a list of objects with
    /// <c>text</c>, <c>why</c> and <c>correct</c>.</summary>
    public const string MimeType = "application/vnd.mezcla.question+json";

    private readonly List<(string Text, string Why, bool Correct)> _answers = [];

    /// <summary>Adds an answer to choose from.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="why">Why it is right or wrong; shown when the reader opens it.</param>
    /// <param name="correct">Whether it is right.</param>
    /// <exception cref="ArgumentException">The answer or its explanation is empty, or the question has it already.</exception>
    public Question Answer(string answer, string why, bool correct = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(answer);
        ArgumentException.ThrowIfNullOrWhiteSpace(why);
        if (_answers.Any(a => a.Text == answer))
            throw new ArgumentException($"The question has the answer “{answer}” already.", nameof(answer));
        _answers.Add((answer, why, correct));
        return this;
    }

    /// <summary>Formats the question for a notebook, in HTML, plain text and the machine-readable form.</summary>
    /// <exception cref="InvalidOperationException">The question has fewer than two answers, or none of them is right.</exception>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        Check();
        return new Dictionary<string, string>
        {
            [MimeBundle.Html] = ToHtml(),
            [MimeBundle.PlainText] = ToText(),
            [MimeType] = new JsonObject
            {
                ["question"] = text,
                ["answers"] = new JsonArray([.. _answers.Select(a =>
                    new JsonObject { ["text"] = a.Text, ["why"] = a.Why, ["correct"] = a.Correct })]),
            }.ToJsonString(),
        };
    }

    /// <summary>The question as plain text: its answers, then which are right.</summary>
    /// <exception cref="InvalidOperationException">The question has fewer than two answers, or none of them is right.</exception>
    public string ToText()
    {
        Check();
        var lines = new StringBuilder($"? {text}");
        for (var i = 0; i < _answers.Count; i++)
            lines.Append($"\n  ({Letter(i)}) {_answers[i].Text}");
        for (var i = 0; i < _answers.Count; i++)
        {
            if (_answers[i].Correct)
                lines.Append($"\n  Answer: ({Letter(i)}). {_answers[i].Why}");
        }
        return lines.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private void Check()
    {
        if (_answers.Count < 2 || !_answers.Any(a => a.Correct))
            throw new InvalidOperationException(
                $"The question “{text}” needs at least two answers, at least one of them with correct: true. It has {_answers.Count}.");
    }

    private string ToHtml()
    {
        const string Blue = "#3f6fd1", Green = "#2e8b57", Red = "#d0342c";
        var html = new StringBuilder(
            $"<div class=\"mezcla-question\" style=\"border-left:4px solid {Blue};padding:4px 12px;margin:4px " +
                "0;font-family:system-ui,sans-serif\">" +
            $"<div><b style=\"color:{Blue}\">? Predict first</b> {WebUtility.HtmlEncode(text)}</div>");
        for (var i = 0; i < _answers.Count; i++)
        {
            var (answer, why, correct) = _answers[i];
            html.Append(
                $"<details style=\"margin:2px 0\"><summary>({Letter(i)}) {WebUtility.HtmlEncode(answer)}</summary>" +
                $"<div style=\"padding:0 0 2px 16px\"><b style=\"color:{(correct ? Green : Red)}\">" +
                $"{(correct ? "✓ right" : "✗ wrong")}</b> {WebUtility.HtmlEncode(why)}</div></details>");
        }
        return html.Append("</div>").ToString();
    }

    internal static char Letter(int answer) => (char)('a' + answer);
}
