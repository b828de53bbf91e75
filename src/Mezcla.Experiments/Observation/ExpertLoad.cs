using System.Globalization;
using Mezcla.Charts;
using Mezcla.MixtureOfExperts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>How one pass loaded the experts: which share each had, how even that is, and what was dropped.</summary>
/// <param name="Trace">What <see cref="Models.Transformer.Observe"/> returned.</param>
public sealed record ExpertLoad(RoutingTrace Trace)
{
    /// <summary>Shares of all computed assignments, blocks by experts.</summary>
    public Chart ToChart()
    {
        LayerRouting[] layers = [.. Trace.Layers];
        var shares = new double[layers.Length, layers.Length == 0 ? 0 : layers.Max(l => l.Experts)];
        for (var row = 0; row < layers.Length; row++)
        {
            var load = layers[row].Load();
            for (var expert = 0; expert < shares.GetLength(1); expert++)
                shares[row, expert] = expert < load.Length ? load[expert] : double.NaN;
        }

        return Chart.Heatmap(shares, "Load of each expert", "expert", "block",
            layers.Select(l => l.Layer.ToString(CultureInfo.InvariantCulture)), showValues: true).YRange(0, null)
            .Format(y: AxisFormat.Percent);
    }

    /// <summary>How a notebook shows it.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(ToChart().ToMimeBundle()["text/html"] + ResultTable.Html(null, Headers, Rows), ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(Headers, Rows);

    private static string[] Headers => ["block", "entropy of the load (1 even)", "MaxVio (0 even)", "experts without a token", "dropped"];

    private IEnumerable<IReadOnlyList<string>> Rows => Trace.Layers.Select(l => (IReadOnlyList<string>)
    [
        l.Layer.ToString(CultureInfo.InvariantCulture), FormattableString.Invariant($"{l.LoadEntropy():F3}"),
        FormattableString.Invariant($"{l.MaxViolation():F2}"),
        FormattableString.Invariant($"{l.Load().Count(share => share == 0)} of {l.Experts}"),
        FormattableString.Invariant($"{l.DroppedShare():P1}"),
    ]);
}

/// <summary>Loads over a training: give it a trace now and then, such as from <c>Trainer.Run</c>'s progress.</summary>
public sealed class LoadHistory
{
    private readonly List<(int Step, RoutingTrace Trace)> _traces = [];

    /// <summary>Adds what was observed after a step.</summary>
    public void Add(int step, RoutingTrace trace) => _traces.Add((step, trace));

    /// <summary>Steps at which something was observed.</summary>
    public IReadOnlyList<int> Steps => [.. _traces.Select(t => t.Step)];

    /// <summary>For each block the share of every expert over time.</summary>
    public ChartGrid Shares()
    {
        var charts = new List<Chart>();
        for (var layer = 0; _traces.Count > 0 && layer < _traces[0].Trace.Layers.Count; layer++)
        {
            LayerRouting[] routings = [.. _traces.Select(t => t.Trace.Layers[layer])];
            Chart chart = Chart.Areas($"Block {routings[0].Layer}", "step", "share of the load").YRange(0, 1);
            for (var expert = 0; expert < routings[0].Experts; expert++)
                chart.Add($"expert {expert}", Steps, routings.Select(r => r.Load()[expert]));
            charts.Add(chart);
        }

        return new(charts, 2, "Load of each expert over training");
    }

    /// <summary>For each block how even the load is over time: the entropy in units of its maximum.</summary>
    public Chart Entropy()
    {
        Chart chart = Chart.Lines("How even the load is", "step", "entropy of the load, 1 is even").YRange(0, 1);
        for (var layer = 0; _traces.Count > 0 && layer < _traces[0].Trace.Layers.Count; layer++)
            chart.Add($"block {_traces[0].Trace.Layers[layer].Layer}", Steps, _traces.Select(t => t.Trace.Layers[layer].LoadEntropy()));
        return chart;
    }

    /// <summary>How a notebook shows it.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(Entropy().ToMimeBundle()["text/html"] + Shares().ToMimeBundle()["text/html"], Entropy().ToText());
}
