namespace Mezcla.Scaling.Claims;

/// <summary>What kind of assertion a claim is.</summary>
public enum ClaimStatus
{
    /// <summary>Its source measured, counted or published it.</summary>
    Measured,

    /// <summary>Nobody who could know has confirmed it.</summary>
    Rumour,

    /// <summary>A judgement; arithmetic cannot settle it.</summary>
    Opinion,
}

/// <summary>What the checker found.</summary>
public enum Verdict
{
    /// <summary>The number computed agrees with the number said.</summary>
    Holds,

    /// <summary>The number computed does not agree with the number said.</summary>
    DoesNotHold,

    /// <summary>There is nothing to compute, or it cannot be computed.</summary>
    CannotBeChecked,
}

/// <summary>Something that was said, with the arithmetic that tests it.</summary>
public sealed record PublishedClaim
{
    /// <summary>What is said, in our words: the part of it that the arithmetic tests.</summary>
    public string Said { get; init; } = "";

    /// <summary>The exact words of whoever said it, in their language; null if they are not quoted.</summary>
    public string? Quote { get; init; }

    /// <summary>The language of <see cref="Quote"/>, such as "es"; null for English.</summary>
    public string? Language { get; init; }

    /// <summary><see cref="Quote"/> in English; null if it is English.</summary>
    public string? Translation { get; init; }

    /// <summary>Who said it.</summary>
    public string Who { get; init; } = "";

    /// <summary>Where it stands in the source: a table, a section, or what the passage is about.</summary>
    public string Place { get; init; } = "";

    /// <summary>Where the numbers of the check come from.</summary>
    public string Source { get; init; } = "";

    /// <summary>What kind of assertion it is.</summary>
    public ClaimStatus Status { get; init; }

    /// <summary>The expression that is computed; null if there is nothing to compute.</summary>
    public string? Expression { get; init; }

    /// <summary>How it is compared with <see cref="Expected"/>: =, &lt;, &lt;=, &gt; or &gt;=.</summary>
    public string Relation { get; init; } = "=";

    /// <summary>The number said, or an expression for it.</summary>
    public string? Expected { get; init; }

    /// <summary>
    /// How far the two may be apart: "2%" of the number said, or an absolute number. Without one, half a unit of the last digit of a
    /// number as it is written: 46.7e9 allows 0.05e9.
    /// </summary>
    public string? Tolerance { get; init; }

    /// <summary>Why the tolerance is what it is; null without a tolerance.</summary>
    public string? Because { get; init; }

    /// <summary>The unit of both numbers, for display.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The correct statement, if the claim is wrong.</summary>
    public string? Correction { get; init; }

    /// <summary>A remark that a reader should know even if the claim holds.</summary>
    public string? Note { get; init; }

    /// <summary>Why the claim cannot be checked, where there is nothing to compute.</summary>
    public string? Reason { get; init; }

    /// <summary>Line of the file where the claim begins, from 1; 0 if unknown.</summary>
    public int Line { get; init; }
}

/// <summary>A number stated for a named quantity, to be compared with other statements.</summary>
public sealed record Statement
{
    /// <summary>The quantity: one of <see cref="Relations"/>, or any name that the file's own relations use.</summary>
    public required string Quantity { get; init; }

    /// <summary>The number, or an expression for it.</summary>
    public required string Value { get; init; }

    /// <summary>How exact it is: "2%" or an absolute number. Without one, half a unit of the
    /// last digit; a plain integer is a count, and exact.</summary>
    public string? Tolerance { get; init; }

    /// <summary>Who said it.</summary>
    public string Who { get; init; } = "";

    /// <summary>What kind of assertion it is.</summary>
    public ClaimStatus Status { get; init; }

    /// <summary>Line of the file where it begins, from 1; 0 if unknown.</summary>
    public int Line { get; init; }

    /// <summary>The statement as text, such as <c>experts = 16 (an article)</c>.</summary>
    public override string ToString() =>
        $"{Quantity} = {Value}{(Tolerance is null ? "" : $" within {Tolerance}")}{(Who.Length == 0 ? "" : $" ({Who})")}";
}
