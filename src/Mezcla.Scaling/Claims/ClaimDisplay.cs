using System.Net;
using System.Text;

namespace Mezcla.Scaling.Claims;

public sealed partial record ClaimReport
{
    /// <summary>What a notebook shows: a table of claims, then the contradictions between statements.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        var html = new StringBuilder();
        var text = new StringBuilder(Title);
        if (Claims.Count > 0)
        {
            html.Append("<table class=\"mezcla-claims\"><caption>").Append(WebUtility.HtmlEncode(Title))
                .Append("</caption><thead><tr><th>claim</th><th>verdict</th><th>why</th></tr></thead><tbody>")
                .AppendJoin("", Claims.Select(claim => claim.ToRow())).Append("</tbody></table>");
            text.Append('\n').AppendJoin('\n', Claims.Select(claim => claim.ToText()));
        }

        if (Consistency is not null)
        {
            IReadOnlyDictionary<string, string> more = Consistency.ToMimeBundle();
            html.Append(more["text/html"]);
            text.Append('\n').Append(more["text/plain"]);
        }

        return ResultTable.Bundle(html.ToString(), text.ToString());
    }
}

public sealed partial record ConsistencyReport
{
    /// <summary>What a notebook shows: the contradictions, or, if there are none, the ranges that follow from the statements.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        var caption = IsConsistent ? "The statements can all be true. Together they say:" : "These statements cannot all be true:";
        string[] headers = IsConsistent ? ["quantity", "range"] : ["statements", "because"];
        string[][] rows = IsConsistent
            ? [.. Follows.Select(follow => new[] { follow.Quantity, new Interval(follow.Low, follow.High).ToString() })]
            : [.. Conflicts.Select(conflict => new[]
                {
                    string.Join("; ", conflict.Statements), string.Join("; ", conflict.Relations.Select(relation => relation.Formula)),
                })];
        string[] bad = ["could not be read", "why"];
        string[][] badRows = [.. Unusable.Select(unusable => new[] { unusable.What, unusable.Why })];
        return ResultTable.Bundle(
            ResultTable.Html(caption, headers, rows) + (badRows.Length > 0 ? ResultTable.Html(null, bad, badRows) : ""),
            $"{caption}\n{ResultTable.Text(headers, rows)}" + (badRows.Length > 0 ? "\n" + ResultTable.Text(bad, badRows) : ""));
    }
}

public sealed partial record ClaimResult
{
    private const string Grey = "<span style=\"opacity:.72\">";

    /// <summary>What a notebook shows: the source's own words, a translation and the place, then what was computed.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        var html = $"<div class=\"mezcla-said\" style=\"border-left:4px solid {Colour};padding:4px 12px;margin:8px 0;" +
            "font-family:system-ui,sans-serif\"><div>" +
            $"<b{Language}>{Encode(Claim.Quote is null ? Claim.Said : ClaimWords.InQuotes(Claim))}" +
            "</b></div>" + string.Concat(Details().Select(line => $"<div>{Grey}{line.Name}</span> {Encode(line.Words)}</div>")) + "</div>";
        return ResultTable.Bundle(html, ToText());
    }

    internal string ToText() => (Claim.Quote is null ? Claim.Said : ClaimWords.InQuotes(Claim)) +
        string.Concat(Details().Select(line => $"\n  {line.Name}: {line.Words}"));

    internal string ToRow()
    {
        var quotation = Claim.Quote is null ? "" : $"<br><i{Language}>{Encode(ClaimWords.InQuotes(Claim))}</i>";
        if (Claim.Translation is { } translation)
            quotation += $" (“{Encode(translation)}”)";
        var tolerance = ClaimWords.Tolerance(this) is { Length: > 0 } allowed ? $"<br>{Grey}tolerance {Encode(allowed)}</span>" : "";
        return $"<tr><td style=\"text-align:left;min-width:16em\">{Encode(Claim.Said)}{quotation}<br>" +
            $"{Grey}{Encode(Who)}<br>{Encode(Kind)}</span></td>" +
            $"<td style=\"text-align:left\"><b style=\"color:{Colour};font-weight:600\">{ClaimWords.Of(Verdict)}</b></td>" +
            $"<td style=\"text-align:left;min-width:14em\">{Encode(Why)}{tolerance}</td></tr>";
    }

    private string Language => Claim.Language is { } tag ? $" lang=\"{Encode(tag)}\"" : "";

    private string Who => ClaimWords.Origin(Claim);

    private string Kind => ClaimWords.Kind(Claim);

    private string Colour => Verdict switch { Verdict.Holds => "#2e8b57", Verdict.DoesNotHold => "#d0342c", _ => "#a8730b" };

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private IEnumerable<(string Name, string Words)> Details()
    {
        if (Claim.Translation is { } translation)
            yield return ("in English", $"“{translation}”");
        yield return ("who", Who);
        yield return ("kind", Kind);
        if (Claim.Expression is { } expression)
            yield return ("computed", expression);
        yield return (ClaimWords.Of(Verdict), Why);
        if (ClaimWords.Tolerance(this) is { Length: > 0 } tolerance)
            yield return ("tolerance", tolerance);
    }
}
