using Mezcla.Scaling.Claims.Expressions;

namespace Mezcla.Scaling.Claims;

/// <summary>The results of checking a claim file.</summary>
/// <param name="Title">The file's title.</param>
/// <param name="Claims">Its claims, in order, with verdicts.</param>
/// <param name="Consistency">Whether its statements can all be true; null if it has no statements.</param>
public sealed partial record ClaimReport(string Title, IReadOnlyList<ClaimResult> Claims, ConsistencyReport? Consistency)
{
    /// <summary>How many claims got <paramref name="verdict"/>.</summary>
    public int Count(Verdict verdict) => Claims.Count(claim => claim.Verdict == verdict);
}

/// <summary>Evaluates claims against the calculators. Nothing in a claim file is executed: expressions can only compute numbers.</summary>
public static class ClaimChecker
{
    /// <summary>Checks all claims and statements of a file.</summary>
    public static ClaimReport Check(ClaimFile file)
    {
        var definitions = new Dictionary<string, double>();
        var failed = new Dictionary<string, string>();
        foreach (Definition definition in file.Definitions)
        {
            try
            {
                definitions[definition.Name] = ExpressionParser.Parse(definition.Expression).Evaluate(definitions);
            }
            catch (ExpressionException error)
            {
                failed[definition.Name] = $"{ConsistencyChecker.LinePrefix(definition.Line)}{error.Message}";
            }
        }

        return new(
            file.Title,
            [.. file.Claims.Select(claim => Check(claim, definitions, failed))],
            file.Statements.Count == 0 ? null : ConsistencyChecker.Check(file.Statements, file.Relations, definitions));
    }

    /// <summary>Checks one claim.</summary>
    public static ClaimResult Check(PublishedClaim claim) =>
        Check(claim, new Dictionary<string, double>(), new Dictionary<string, string>());

    private static ClaimResult Check(PublishedClaim claim, IReadOnlyDictionary<string, double> definitions,
        IReadOnlyDictionary<string, string> failed)
    {
        if (claim.Expression is null)
        {
            var why = claim.Reason
                ?? (claim.Status == ClaimStatus.Opinion ? "An opinion: arithmetic cannot settle it." : "No expression is given.");
            return new(claim, Verdict.CannotBeChecked, null, null, Join(why, claim.Correction));
        }

        var part = "expression";
        try
        {
            var computed = Evaluate(claim.Expression, definitions, failed, out _);
            part = "expected value";
            if (claim.Expected is null)
                throw new ExpressionException("there is no expected value to compare with.", 0);
            var expected = Evaluate(claim.Expected, definitions, failed, out Expression said);
            part = "tolerance";
            var tolerance = said is Number number ? number.HalfUnit : 1e-9 * Math.Abs(expected);
            if (claim.Tolerance is { } text)
            {
                var (allowed, relative) = ExpressionParser.ParseTolerance(text);
                tolerance = allowed.Evaluate(definitions) * (relative ? Math.Abs(expected) : 1);
            }

            var holds = claim.Relation switch
            {
                "=" or "==" => Math.Abs(computed - expected) <= tolerance * (1 + 1e-9),
                "<" => computed < expected,
                "<=" => computed <= expected,
                ">" => computed > expected,
                ">=" => computed >= expected,
                _ => throw new ExpressionException($"'{claim.Relation}' is not a comparison; use =, <, <=, > or >=.", 0),
            };
            return new(claim, holds ? Verdict.Holds : Verdict.DoesNotHold, computed, expected, Explain(claim, holds, computed, expected))
            {
                Tolerance = claim.Relation is "=" or "==" ? tolerance : null,
            };
        }
        catch (ExpressionException error)
        {
            return new(claim, Verdict.CannotBeChecked, null, null, $"{ConsistencyChecker.LinePrefix(claim.Line)}{part}, {error.Message}");
        }
    }

    private static double Evaluate(
        string text, IReadOnlyDictionary<string, double> definitions, IReadOnlyDictionary<string, string> failed, out Expression expression)
    {
        expression = ExpressionParser.Parse(text);
        if (expression.Names.FirstOrDefault(failed.ContainsKey) is { } name)
            throw new ExpressionException($"'{name}' has no value: {failed[name]}", expression.Position);
        return expression.Evaluate(definitions);
    }

    private static string Explain(PublishedClaim claim, bool holds, double computed, double expected)
    {
        var unit = claim.Unit.Length > 0 ? $" {claim.Unit}" : "";
        var compared = claim.Relation is "=" or "==" ? "against" : holds ? claim.Relation : $"is not {claim.Relation}";
        var found = $"{Numbers.Format(computed)} {compared} {Numbers.Format(expected)}{unit}";
        var ratio = expected / computed;
        if (!holds && claim.Relation is "=" or "==" && ratio > 0 && ratio is > 2 or < 0.5)
            found += ratio > 1
                ? $": {Numbers.Format(Significant(ratio))} times too large"
                : $": {Numbers.Format(Significant(1 / ratio))} times too small";
        return Join(found + ".", holds ? claim.Note : claim.Correction);
    }

    private static double Significant(double value)
    {
        var unit = Math.Pow(10, Math.Floor(Math.Log10(value)) - 2);
        return Math.Round(value / unit) * unit;
    }

    private static string Join(string first, string? second) => string.IsNullOrEmpty(second) ? first : $"{first} {second}";
}
