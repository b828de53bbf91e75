namespace Mezcla.Scaling.Claims;

/// <summary>A claim and the result of checking it.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Verdict">Whether it holds.</param>
/// <param name="Computed">The number computed; null if nothing could be computed.</param>
/// <param name="Expected">The number said; null if it could not be computed.</param>
/// <param name="Why">The verdict in words, with the correction.</param>
public sealed partial record ClaimResult(PublishedClaim Claim, Verdict Verdict, double? Computed, double? Expected, string Why)
{
    /// <summary>The largest difference between the two numbers that still counts as agreement; null if they are not compared for
    /// equality.</summary>
    public double? Tolerance { get; init; }
}
