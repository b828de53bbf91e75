using System.Text;

namespace Mezcla.Scaling.Claims;

public sealed partial record ClaimReport
{
    /// <summary>What a notebook shows: a table of claims, then the contradictions between statements.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        string[] headers = ["claim", "who", "status", "verdict", "why"];
        string[][] rows = [.. Claims.Select(claim => new[]
        {
            claim.Claim.Said, claim.Claim.Who, ClaimWords.Of(claim.Claim.Status), ClaimWords.Of(claim.Verdict), claim.Why,
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

/// <summary>Statuses and verdicts in words.</summary>
public static class ClaimWords
{
    /// <summary>holds, does not hold, or cannot be checked.</summary>
    public static string Of(Verdict verdict) => verdict switch
    {
        Verdict.Holds => "holds",
        Verdict.DoesNotHold => "does not hold",
        _ => "cannot be checked",
    };

    /// <summary>measured, rumour or opinion.</summary>
    public static string Of(ClaimStatus status) => status.ToString().ToLowerInvariant();
}
