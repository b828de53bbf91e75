using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Cells;

/// <summary>
/// A sentence that is checked where it stands. <see cref="Check"/> and <see cref="Holds"/> show what was expected, what was obtained and
/// where the expectation comes from, and fail the cell if the two do not agree, so a notebook that runs through says only what is so.
/// </summary>
public static class Claim
{
    /// <summary>MIME type of the machine-readable form: an object with <c>what</c>, <c>holds</c>, <c>source</c>,
    /// and <c>expected</c>, <c>obtained</c>, <c>tolerance</c> or <c>detail</c>.</summary>
    public const string MimeType = "application/vnd.mezcla.claim+json";

    /// <summary>Claims that a number is what it should be: |obtained − expected| ≤ tolerance.</summary>
    /// <param name="what">What the number is, such as "GPT-2's parameters".</param>
    /// <param name="expected">What it should be.</param>
    /// <param name="obtained">What it is.</param>
    /// <param name="tolerance">The largest difference that still counts as equal, in the number's own unit.</param>
    /// <param name="source">Where the expectation comes from.</param>
    /// <exception cref="ClaimFailedException">It is not.</exception>
    public static void Check(string what, double expected, double obtained, double tolerance = 0, string source = "")
    {
        var holds = obtained == expected || Math.Abs(obtained - expected) <= tolerance;
        var within = tolerance == 0 ? "exactly" : "± " + Text(tolerance);
        Show(what, holds, source, [("expected", $"{Text(expected)} ({within})"), ("obtained", Text(obtained))],
            new JsonObject { ["expected"] = Number(expected), ["obtained"] = Number(obtained), ["tolerance"] = Number(tolerance) });
    }

    /// <summary>Claims that something is so.</summary>
    /// <param name="what">What is claimed, such as "the mixture ends below the dense model".</param>
    /// <param name="holds">Whether it is so.</param>
    /// <param name="detail">The numbers behind it.</param>
    /// <param name="source">Where the expectation comes from.</param>
    /// <exception cref="ClaimFailedException">It is not so.</exception>
    public static void Holds(string what, bool holds, string detail = "", string source = "") =>
        Show(what, holds, source, detail.Length > 0 ? [("because", detail)] : [], new JsonObject { ["detail"] = detail });

    private static void Show(string what, bool holds, string source, (string Name, string Value)[] lines, JsonObject json)
    {
        if (source.Length > 0)
            lines = [.. lines, ("source", source)];
        (json["what"], json["holds"], json["source"]) = (what, holds, source);
        var text = $"{(holds ? "✓" : "✗")} {what}" + string.Concat(lines.Select(l => $"\n  {l.Name}: {l.Value}"));
        CellFunctions.Show(
            new MimeBundle(
                new Dictionary<string, string>
                {
                    [MimeBundle.Html] = Html(what, holds, lines),
                    [MimeBundle.PlainText] = text,
                    [MimeType] = json.ToJsonString()
                }));
        if (!holds)
            throw new ClaimFailedException(text[2..]);
    }

    private static string Html(string what, bool holds, (string Name, string Value)[] lines)
    {
        // Colours that read on light and dark pages alike, and a word beside the colour for those who do not see it.
        var color = holds ? "#2e8b57" : "#d0342c";
        var rows =
            string.Concat(lines.Select(l => $"<div><span style=\"opacity:.72\">{l.Name}</span> {WebUtility.HtmlEncode(l.Value)}</div>"));
        return $"<div class=\"mezcla-claim\" style=\"border-left:4px solid {color};padding:4px 12px;margin:4px " +
            "0;font-family:system-ui,sans-serif\">" +
            $"<div><b style=\"color:{color}\">{(holds ? "✓ holds" : "✗ does not hold")}</b> {WebUtility.HtmlEncode(what)}</div>" +
            $"{rows}</div>";
    }

    private static JsonNode Number(double value) => double.IsFinite(value)
        ? JsonValue.Create(value)
        : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Up to twelve significant digits, thousands separated; exponents only where a person would want them.</summary>
    internal static string Text(double value)
    {
        if (!double.IsFinite(value) || value == 0)
            return value.ToString(CultureInfo.InvariantCulture);
        return Math.Abs(value) is >= 1e15 or < 1e-4
            ? value.ToString("0.###########e+0", CultureInfo.InvariantCulture)
            : value.ToString("#,0.############", CultureInfo.InvariantCulture);
    }
}

/// <summary>A claim did not hold.</summary>
/// <param name="message">The claim, with what was expected and obtained.</param>
public sealed class ClaimFailedException(string message) : Exception(message);
