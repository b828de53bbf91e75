using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>Formats by what a matrix is for, and for experts by how many tokens use them.</summary>
public static class ExpertPrecision
{
    /// <summary>One format for each role; roles that are not named stay as they are.</summary>
    public static Func<ModelMatrix, NumberFormat?> ByRole(IReadOnlyDictionary<MatrixRole, NumberFormat> formats) =>
        matrix => formats.GetValueOrDefault(matrix.Role);

    /// <summary>The most used experts of each layer in one format, the others in another.</summary>
    /// <param name="use">Each layer's shares of use (<see cref="Pruning.ExpertPruning.Use"/>).</param>
    /// <param name="wide">How many experts of a layer get the wide format.</param>
    /// <param name="wideFormat">That of the most used.</param>
    /// <param name="narrowFormat">That of the others.</param>
    /// <param name="others">The format of all other matrices; null leaves them as they are.</param>
    /// <param name="leastUsed">Whether the least used experts get the wide format instead, as a comparison that shows how much the order
    /// matters.</param>
    public static Func<ModelMatrix, NumberFormat?> ByUse(
        IReadOnlyDictionary<int, double[]> use, int wide, NumberFormat wideFormat, NumberFormat narrowFormat,
        Func<ModelMatrix, NumberFormat?>? others = null, bool leastUsed = false)
    {
        var first = use.ToDictionary(u => u.Key,
            u => u.Value.Select((share, expert) => (share, expert)).OrderByDescending(e => leastUsed ? -e.share : e.share).Take(wide)
                .Select(e => e.expert).ToHashSet());
        return matrix => matrix.Role == MatrixRole.Expert
            ? first[matrix.Layer].Contains(matrix.Expert) ? wideFormat : narrowFormat
            : others?.Invoke(matrix);
    }
}
