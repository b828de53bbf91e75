using Mezcla.Scaling.Numerics;

namespace Mezcla.Scaling.Laws;

/// <summary>One row of Hoffmann's tables: the compute and tokens at which each approach says that this size is the best one.</summary>
/// <param name="Parameters">Model size, N.</param>
/// <param name="Compute1">FLOPs by approach 1 (table 3).</param>
/// <param name="GopherUnits">The same relative to Gopher's 5.76e23 FLOPs, as printed. This is compute, although it has been reported as
/// data.</param>
/// <param name="Tokens1">Tokens by approach 1.</param>
/// <param name="Compute2">FLOPs by approach 2 (table A3).</param>
/// <param name="Tokens2">Tokens by approach 2.</param>
/// <param name="Compute3">FLOPs by approach 3 (table A3), as printed.</param>
/// <param name="Tokens3">Tokens by approach 3.</param>
public sealed record HoffmannRow(
    double Parameters, double Compute1, double GopherUnits, double Tokens1, double Compute2, double Tokens2, double Compute3,
    double Tokens3)
{
    /// <summary>6·N·D over the printed FLOPs of approach 3: 1 where the row is consistent, 10 in the row of 175 billion.</summary>
    public double Approach3Check => 6 * Parameters * Tokens3 / Compute3;
}

/// <summary>Tables 3 and A3 of Hoffmann et al. 2022, as printed, and the laws of approaches 1 and 2 that are recovered from them.</summary>
public static class HoffmannTables
{
    /// <summary>Gopher's training compute as the paper counts it, in FLOPs.</summary>
    public const double GopherCompute = 5.76e23;

    /// <summary>All nine rows, from 400 million to 10 trillion parameters.</summary>
    public static IReadOnlyList<HoffmannRow> Rows { get; } =
    [
        new(400e6, 1.92e19, 1 / 29_968.0, 8.0e9, 1.84e19, 7.7e9, 2.21e19, 9.2e9),
        new(1e9, 1.21e20, 1 / 4_761.0, 20.2e9, 1.20e20, 20.0e9, 1.62e20, 27.1e9),
        new(10e9, 1.23e22, 1 / 46.0, 205.1e9, 1.32e22, 219.5e9, 2.46e22, 410.1e9),
        new(67e9, 5.76e23, 1, 1.5e12, 6.88e23, 1.7e12, 1.71e24, 4.1e12),
        new(175e9, 3.85e24, 6.7, 3.7e12, 4.54e24, 4.3e12, 1.26e24, 12.0e12), // the last FLOPs are ten times too few, as printed
        new(280e9, 9.90e24, 17.2, 5.9e12, 1.18e25, 7.1e12, 3.52e25, 20.1e12),
        new(520e9, 3.43e25, 59.5, 11.0e12, 4.19e25, 13.4e12, 1.36e26, 43.5e12),
        new(1e12, 1.27e26, 221.3, 21.2e12, 1.59e26, 26.5e12, 5.65e26, 94.1e12),
        new(10e12, 1.30e28, 22_515.9, 216.2e12, 1.75e28, 292.0e12, 8.55e28, 1425.5e12),
    ];

    /// <summary>Approach 1: the lower envelope of training curves. A straight line
    /// through the logarithms of table 3, exponent 0.498.</summary>
    public static FrontierLaw Approach1 { get; } = Through("Hoffmann, approach 1", "table 3", row => row.Compute1);

    /// <summary>Approach 2: the bottoms of isoFLOP parabolas. A straight line through the logarithms of table A3.</summary>
    public static FrontierLaw Approach2 { get; } = Through("Hoffmann, approach 2", "table A3", row => row.Compute2);

    private static FrontierLaw Through(string name, string table, Func<HoffmannRow, double> compute)
    {
        var line = Line.Fit([.. Rows.Select(row => Math.Log(compute(row)))], [.. Rows.Select(row => Math.Log(row.Parameters))]);
        return new(name, $"Hoffmann et al. 2022, least squares through the logarithms of {table}", Math.Exp(line.Intercept), line.Slope);
    }
}
