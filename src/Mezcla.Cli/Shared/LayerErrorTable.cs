using Mezcla.Quantization.Methods;
using Spectre.Console;

namespace Mezcla.Cli.Shared;

/// <summary>A table of the errors that rounding makes, with one row for each kind of matrix in each block.</summary>
/// <param name="withOutputs">Whether there is a column for the errors of outputs.</param>
/// <param name="countColumn">The name of a last column that adds up a count; null for none.</param>
internal sealed class LayerErrorTable(bool withOutputs = true, string? countColumn = null)
{
    private readonly List<(int Layer, MatrixRole Role, string Format, double Weights, double Outputs, int Count)> _matrices = [];

    /// <summary>Adds the errors of one matrix; NaN where an error was not measured.</summary>
    /// <param name="layer">Number of the block; negative for a matrix outside the blocks.</param>
    /// <param name="role">What the matrix does.</param>
    /// <param name="format">The number format it was rounded to.</param>
    /// <param name="weights">Relative error of the weights.</param>
    /// <param name="outputs">Relative error of the outputs.</param>
    /// <param name="count">What the last column adds up.</param>
    public void Add(int layer, MatrixRole role, string format, double weights, double outputs, int count = 0) =>
        _matrices.Add((layer, role, format, weights, outputs, count));

    /// <summary>Prints the table: blocks in order, then the matrices outside them.</summary>
    public void Write(IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("part").AddColumn("format").AddColumn(new TableColumn("matrices").RightAligned());
        var withWeights = _matrices.Any(m => !double.IsNaN(m.Weights));
        if (withWeights)
            table.AddColumn(new TableColumn("error of weights").RightAligned());
        if (withOutputs)
            table.AddColumn(new TableColumn("error of outputs").RightAligned());
        if (countColumn is not null)
            table.AddColumn(new TableColumn(countColumn).RightAligned());
        foreach (var part in _matrices.GroupBy(m => (m.Layer, m.Role, m.Format)).OrderBy(g => g.Key.Layer < 0 ? int.MaxValue : g.Key.Layer))
        {
            var block = part.Key.Layer < 0 ? "" : $"block {part.Key.Layer}, ";
            var row = new List<string> { block + part.Key.Role.ToString().ToLowerInvariant(), part.Key.Format, $"{part.Count()}" };
            if (withWeights)
                row.Add(MeanPercent(part.Select(m => m.Weights)));
            if (withOutputs)
                row.Add(MeanPercent(part.Select(m => m.Outputs)));
            if (countColumn is not null)
                row.Add(FormattableString.Invariant($"{part.Sum(m => m.Count):N0}"));
            table.AddRow([.. row.Select(Markup.Escape)]);
        }
        console.Write(table);
    }

    private static string MeanPercent(IEnumerable<double> errors)
    {
        var known = errors.Where(e => !double.IsNaN(e)).ToList();
        return known.Count == 0 ? "" : FormattableString.Invariant($"{known.Average():P2}");
    }
}
