using System.Net;
using System.Text;

namespace Mezcla.Scaling.Claims;

public sealed partial record ClaimReport
{
    /// <summary>What a notebook shows: a table of claims, then the contradictions between statements.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        string[] headers = ["claim", "the source's own words", "who, and where", "status", "verdict", "why", "tolerance"];
        string[][] rows = [.. Claims.Select(claim => new[]
        {
            claim.Claim.Said, ClaimWords.Quotation(claim.Claim), ClaimWords.Where(claim.Claim), ClaimWords.Of(claim.Claim.Status),
            ClaimWords.Of(claim.Verdict), claim.Why, ClaimWords.Tolerance(claim),
        })];
        var html = new StringBuilder();
        var text = new StringBuilder(Title);
        if (rows.Length > 0)
        {
            html.Append(ResultTable.Html(Title, headers, rows));
            text.Append('\n').Append(ResultTable.Text(headers, rows));
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
    /// <summary>What a notebook shows: the source's own words, a translation and the place, then what was computed.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        var colour = Verdict switch { Verdict.Holds => "#2e8b57", Verdict.DoesNotHold => "#d0342c", _ => "#8a6d00" };
        var language = Claim.Language is { } tag ? $" lang=\"{WebUtility.HtmlEncode(tag)}\"" : "";
        var html = new StringBuilder($"<div class=\"mezcla-said\" style=\"border-left:4px solid {colour};padding:4px 12px;margin:8px 0;")
            .Append("font-family:system-ui,sans-serif\">");
        foreach (var (name, words) in Lines())
        {
            html.Append("<div>").Append(name.Length > 0 ? $"<span style=\"opacity:.72\">{name}</span> " : "")
                .Append(name.Length > 0 ? WebUtility.HtmlEncode(words) : $"<b{language}>{WebUtility.HtmlEncode(words)}</b>").Append("</div>");
        }
        var text = string.Join('\n', Lines().Select(line => line.Name.Length > 0 ? $"  {line.Name}: {line.Words}" : line.Words));
        return ResultTable.Bundle(html.Append("</div>").ToString(), text);
    }

    private IEnumerable<(string Name, string Words)> Lines()
    {
        yield return ("", Claim.Quote is null ? Claim.Said : ClaimWords.InQuotes(Claim));
        if (Claim.Translation is { } translation)
            yield return ("in English", $"“{translation}”");
        yield return (Claim.Status == ClaimStatus.Measured ? "who" : $"{ClaimWords.Of(Claim.Status)} by", ClaimWords.Where(Claim));
        if (Claim.Expression is { } expression)
            yield return ("computed", expression);
        yield return (ClaimWords.Of(Verdict), Why);
        if (ClaimWords.Tolerance(this) is { Length: > 0 } tolerance)
            yield return ("tolerance", tolerance);
    }
}
