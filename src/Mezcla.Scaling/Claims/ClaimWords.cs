namespace Mezcla.Scaling.Claims;

/// <summary>Parts of claims in words, as tables and cards show them.</summary>
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

    /// <summary>Whether the claim is this course's own, added to test what follows from a source's numbers.</summary>
    public static bool IsOurs(PublishedClaim claim) => claim.Who.StartsWith("this course", StringComparison.Ordinal);

    /// <summary>Whose words the claim is in, and whether it is a judgement or was compared with a number.</summary>
    public static string Kind(PublishedClaim claim)
    {
        var words = IsOurs(claim)
            ? "a claim of our own"
            : claim.Quote is null ? "in our words, not quoted" : "quoted";
        return claim.Status == ClaimStatus.Opinion
            ? words + "; an opinion"
            : claim.Expression is null ? words + "; nothing computed" : words + "; computed";
    }

    /// <summary>Who said it and where it stands, with a word in brackets if it was not measured.</summary>
    public static string Origin(PublishedClaim claim) => Where(claim) + claim.Status switch
    {
        ClaimStatus.Measured => "",
        ClaimStatus.Rumour when IsOurs(claim) => " (from the numbers of a rumour)",
        _ => $" ({Of(claim.Status)})",
    };

    /// <summary>Who said it, and where it stands.</summary>
    public static string Where(PublishedClaim claim) => claim.Place.Length > 0 ? $"{claim.Who}: {claim.Place}" : claim.Who;

    /// <summary>The exact words between quotation marks, with the translation; empty if they are not quoted.</summary>
    public static string Quotation(PublishedClaim claim) => claim.Quote is null ? "" : claim.Translation is { } translation
        ? $"{InQuotes(claim)} (“{translation}”)"
        : InQuotes(claim);

    /// <summary>The tolerance with its reason; empty if two numbers were not compared for equality.</summary>
    public static string Tolerance(ClaimResult result)
    {
        if (result.Tolerance is not { } allowed)
            return "";
        if (result.Claim.Tolerance is null)
            return $"± {Numbers.Format(allowed)}: half a unit of the last digit said";
        var within = allowed == 0 ? "exactly" : $"± {Numbers.Format(allowed)}";
        return result.Claim.Because is { } because ? $"{within}: {because}" : within;
    }

    internal static string InQuotes(PublishedClaim claim) => claim.Language is null ? $"“{claim.Quote}”" : $"«{claim.Quote}»";
}
