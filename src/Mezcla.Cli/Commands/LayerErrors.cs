using Mezcla.Quantization.Methods;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>A table of what rounding does to each layer: one line for each part of each block.</summary>
/// <param name="withOutputs">Whether there are errors of outputs.</param>
/// <param name="extra">The name of one more column; null for none.</param>
internal sealed class LayerErrors(bool withOutputs = true, string? extra = null)
{
    private readonly List<(int Layer, MatrixRole Role, string Format, double Weights, double Outputs, int Extra)> matrices = [];

    public void Add(int layer, MatrixRole role, string format, double weights, double outputs, int more = 0) => matrices.Add((layer, role, format, weights, outputs, more));

    public void Write(IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("part").AddColumn("format").AddColumn(new TableColumn("matrices").RightAligned());
        var withWeights = matrices.Any(m => !double.IsNaN(m.Weights));
        if (withWeights) table.AddColumn(new TableColumn("error of weights").RightAligned());
        if (withOutputs) table.AddColumn(new TableColumn("error of outputs").RightAligned());
        if (extra is not null) table.AddColumn(new TableColumn(extra).RightAligned());
        foreach (var part in matrices.GroupBy(m => (m.Layer, m.Role, m.Format)).OrderBy(g => g.Key.Layer < 0 ? int.MaxValue : g.Key.Layer))
        {
            var row = new List<string> { $"{(part.Key.Layer < 0 ? "" : $"block {part.Key.Layer}, ")}{part.Key.Role.ToString().ToLowerInvariant()}", part.Key.Format, $"{part.Count()}" };
            if (withWeights) row.Add(Percent(part.Select(m => m.Weights)));
            if (withOutputs) row.Add(Percent(part.Select(m => m.Outputs)));
            if (extra is not null) row.Add(FormattableString.Invariant($"{part.Sum(m => m.Extra):N0}"));
            table.AddRow([.. row.Select(Markup.Escape)]);
        }
        console.Write(table);
    }

    private static string Percent(IEnumerable<double> errors)
    {
        var known = errors.Where(e => !double.IsNaN(e)).ToList();
        return known.Count == 0 ? "" : FormattableString.Invariant($"{known.Average():P2}");
    }
}
