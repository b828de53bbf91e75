using System.Globalization;
using Mezcla.Charts;
using Mezcla.MixtureOfExperts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Observation;

/// <summary>The load of the experts in one forward pass: the share of each expert, how even the shares are, and what was dropped.</summary>
/// <param name="Trace">What <see cref="Models.Transformer.Observe"/> returned.</param>
public sealed record ExpertLoad(RoutingTrace Trace)
{
    /// <summary>The share of each expert in the computed assignments, as [blocks, experts].</summary>
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

    /// <summary>The forms in which a notebook shows this object.</summary>
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

/// <summary>The load over a training. Add a trace every few steps, for example from the progress callback of <c>Trainer.Run</c>.</summary>
public sealed class LoadHistory
{
    private readonly List<(int Step, RoutingTrace Trace)> _traces = [];

    /// <summary>Adds the observation made after a step.</summary>
    public void Add(int step, RoutingTrace trace) => _traces.Add((step, trace));

    /// <summary>The steps at which the load was observed.</summary>
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

    /// <summary>How even the load of each block is over time: the entropy divided by its maximum.</summary>
    public Chart Entropy()
    {
        Chart chart = Chart.Lines("How even the load is", "step", "entropy of the load, 1 is even").YRange(0, 1);
        for (var layer = 0; _traces.Count > 0 && layer < _traces[0].Trace.Layers.Count; layer++)
            chart.Add($"block {_traces[0].Trace.Layers[layer].Layer}", Steps, _traces.Select(t => t.Trace.Layers[layer].LoadEntropy()));
        return chart;
    }

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(Entropy().ToMimeBundle()["text/html"] + Shares().ToMimeBundle()["text/html"], Entropy().ToText());
}
