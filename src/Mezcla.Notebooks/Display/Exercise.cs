using System.Collections;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Cells;

/// <summary>
/// A task for the reader, with checks that answer back and hints. Shown by being the last
/// value of a cell; the cell never fails, whatever the reader wrote:
/// <code>
/// int Double(int x) => throw new NotImplementedException();
///
/// new Exercise("Twice as much")
///     .Expect("of 3", 6, () => Double(3))
///     .Hint("Multiplication is written with *.")
/// </code>
/// A check that throws <see cref="NotImplementedException"/> counts as not tried yet.
/// </summary>
/// <param name="title">What is to be done, in a few words.</param>
public sealed class Exercise(string title)
{
    /// <summary>MIME type of the machine-readable form: an object with <c>title</c>,
    /// <c>solved</c>, <c>passed</c> and <c>checks</c>.</summary>
    public const string MimeType = "application/vnd.mezcla.exercise+json";

    private readonly List<Outcome> _checks = [];
    private readonly List<string> _hints = [];

    private enum State { Untried, Wrong, Right }

    private sealed record Outcome(string What, State State, string Expected, string Obtained);

    /// <summary>Whether every check passes.</summary>
    public bool Solved => _checks.Count > 0 && _checks.All(c => c.State == State.Right);

    /// <summary>Checks a value: numbers within the tolerance, sequences element by element, everything else by equality.</summary>
    /// <typeparam name="T">The value's type.</typeparam>
    /// <param name="what">What the value is, such as "of 3".</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="obtain">Calls what the reader wrote.</param>
    /// <param name="tolerance">The largest difference between two numbers that still counts as equal.</param>
    public Exercise Expect<T>(string what, T expected, Func<T> obtain, double tolerance = 0) => Try(what, Text(expected), () =>
    {
        var value = obtain();
        return (Same(expected, value, tolerance), Text(value));
    });

    /// <summary>Checks a sequence, element by element.</summary>
    /// <typeparam name="T">The elements' type.</typeparam>
    /// <param name="what">What the sequence is.</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="obtain">Calls what the reader wrote.</param>
    /// <param name="tolerance">The largest difference between two numbers that still counts as equal.</param>
    public Exercise ExpectAll<T>(string what, IEnumerable<T> expected, Func<IEnumerable<T>> obtain, double tolerance = 0) =>
        Expect(what, expected, obtain, tolerance);

    /// <summary>Checks that something holds.</summary>
    /// <param name="what">What should hold.</param>
    /// <param name="holds">Calls what the reader wrote.</param>
    public Exercise Require(string what, Func<bool> holds) => Try(what, "", () => (holds(), ""));

    /// <summary>Adds a hint; a page folds hints away, one by one.</summary>
    /// <param name="text">The hint.</param>
    public Exercise Hint(string text)
    {
        _hints.Add(text);
        return this;
    }

    /// <summary>The exercise in the forms a notebook may want.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() => new Dictionary<string, string>
    {
        [MimeBundle.Html] = ToHtml(),
        [MimeBundle.PlainText] = ToText(),
        [MimeType] = new JsonObject
        {
            ["title"] = title,
            ["solved"] = Solved,
            ["passed"] = _checks.Count(c => c.State == State.Right),
            ["checks"] = _checks.Count,
        }.ToJsonString(),
    };

    /// <summary>The exercise as plain text.</summary>
    public string ToText()
    {
        var text = new StringBuilder($"{Mark} {title}: {Verdict}");
        foreach (var check in _checks.Where(c => c.State != State.Untried))
            text.Append($"\n  {(check.State == State.Right ? "✓" : "✗")} {check.What}{Difference(check)}");
        if (!Solved)
            text.Append(string.Concat(_hints.Select((hint, i) => $"\n  Hint {i + 1}: {hint}")));
        return text.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => ToText();

    private bool Untried => _checks.All(c => c.State == State.Untried);

    private string Mark => Solved ? "✓" : Untried ? "○" : "✗";

    private string Verdict => Solved ? "solved" : Untried
        ? "yours to solve"
        : $"{_checks.Count(c => c.State == State.Right)} of {_checks.Count} checks pass";

    private string ToHtml()
    {
        // The colours of claims, and amber for what is open; a word beside each for those who do not see them.
        var color = Solved ? "#2e8b57" : Untried ? "#a8730b" : "#d0342c";
        var html =
            new StringBuilder(
                $"<div class=\"mezcla-exercise\" style=\"border-left:4px solid {color};padding:4px 12px;margin:4px " +
                    "0;font-family:system-ui,sans-serif\">" +
                $"<div><b style=\"color:{color}\">{Mark} {Verdict}</b> {WebUtility.HtmlEncode(title)}</div>");
        foreach (var check in _checks.Where(c => c.State != State.Untried))
            html.Append($"<div>{(check.State == State.Right ? "✓" : "✗")} {WebUtility.HtmlEncode(check.What + Difference(check))}</div>");
        if (!Solved)
            html.Append(
                string.Concat(
                    _hints.Select((hint, i) => $"<details><summary>Hint {i + 1}</summary>{WebUtility.HtmlEncode(hint)}</details>")));
        return html.Append("</div>").ToString();
    }

    private static string Difference(Outcome check) => check.State != State.Wrong || check.Obtained.Length == 0 ? ""
        : check.Expected.Length == 0 ? $": {check.Obtained}"
        : $": expected {check.Expected}, obtained {check.Obtained}";

    private Exercise Try(string what, string expected, Func<(bool Passed, string Obtained)> attempt)
    {
        try
        {
            var (passed, obtained) = attempt();
            _checks.Add(new(what, passed ? State.Right : State.Wrong, expected, obtained));
        }
        catch (NotImplementedException)
        {
            _checks.Add(new(what, State.Untried, expected, ""));
        }
        catch (Exception e) when (e is not (OperationCanceledException or ThreadInterruptedException))
        {
            // Whatever the reader's code throws is an answer to show, not the end of the notebook; stopping the cell still stops it.
            _checks.Add(new(what, State.Wrong, expected, $"{e.GetType().Name}: {e.Message}"));
        }
        return this;
    }

    private static bool Same(object? expected, object? obtained, double tolerance) => (expected, obtained) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (string a, string b) => a == b,
        (IEnumerable a, IEnumerable b) => a.Cast<object?>().ToList() is var left && b.Cast<object?>().ToList() is var right
            && left.Count == right.Count && left.Zip(right).All(pair => Same(pair.First, pair.Second, tolerance)),
        (double or float, double or float) =>
            Math.Abs(Convert.ToDouble(expected, CultureInfo.InvariantCulture) - Convert.ToDouble(obtained, CultureInfo.InvariantCulture))
                <= tolerance,
        _ => expected.Equals(obtained),
    };

    private static string Text(object? value) => value switch
    {
        null => "nothing",
        string text => $"“{text}”",
        IEnumerable sequence => Text(sequence.Cast<object?>().Take(21).ToList()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Text(List<object?> items) =>
        $"[{string.Join(", ", items.Take(20).Select(Text))}{(items.Count > 20 ? ", …" : "")}]";
}
