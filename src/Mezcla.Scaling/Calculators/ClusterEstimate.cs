using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>
/// The time of one step of a training by n processes, on paper: each computes its share of the batch, and then they exchange what
/// <see cref="TrafficCount"/> counts. Nothing overlaps and all links are as good, so a real cluster can be better (gradients that cross
/// while others are computed) or worse (links that several processes share).
/// </summary>
public sealed record ClusterEstimate
{
    /// <summary>The model.</summary>
    public required TransformerConfig Model { get; init; }

    /// <summary>FLOP/s that one process reaches: a chip's peak times its utilization.</summary>
    public required double FlopsPerSecond { get; init; }

    /// <summary>What connects the processes.</summary>
    public required Link Link { get; init; }

    /// <summary>n.</summary>
    public required int Processes { get; init; }

    /// <summary>Tokens of the whole batch.</summary>
    public required double Tokens { get; init; }

    /// <summary>The number of processes that the experts are spread over; 1 if each has all.</summary>
    public int ExpertParallel { get; init; } = 1;

    /// <summary>Seconds of computing, if experts are evenly used.</summary>
    public double Compute => FlopCount.Of(Model).TrainingPerToken * Tokens / Processes / FlopsPerSecond;

    /// <summary>Bytes that one process sends for gradients: those of its experts cross only to processes with the same ones.</summary>
    public double GradientBytes
    {
        get
        {
            var count = ParameterCount.Of(Model);
            return TrafficCount.Gradients(count.Total - count.SelectionBiases - count.Experts, Processes)
                + TrafficCount.Gradients((double)count.Experts / ExpertParallel, Processes / ExpertParallel);
        }
    }

    /// <summary>Bytes that one process sends for tokens and answers.</summary>
    public double ExpertBytes => TrafficCount.Experts(Model, Tokens / Processes, ExpertParallel);

    /// <summary>Seconds of exchanging: bytes at the link's speed, and its latency for each of the messages that follow each other. A sum
    /// has 2·(n - 1) of them, if it goes around a ring, and an all-to-all one for each other process.</summary>
    public double Exchange => (GradientBytes + ExpertBytes) / Link.BytesPerSecond + Link.Latency
        * (2 * (Processes - 1) + 4 * TrafficCount.LayersWithExperts(Model) * (ExpertParallel - 1));

    /// <summary>Seconds of a step.</summary>
    public double Seconds => Compute + Exchange;

    /// <summary>The share of the time in which the processes compute.</summary>
    public double Efficiency => Compute / Seconds;

    /// <summary>Strong scaling: the same batch on more and more processes.</summary>
    /// <param name="processes">The numbers of processes.</param>
    public IReadOnlyList<ClusterEstimate> Strong(params ReadOnlySpan<int> processes) =>
        [.. processes.ToArray().Select(n => this with { Processes = n })];

    /// <summary>Weak scaling: more and more processes, each with as many tokens as one has here.</summary>
    /// <param name="processes">The numbers of processes.</param>
    public IReadOnlyList<ClusterEstimate> Weak(params ReadOnlySpan<int> processes) =>
        [.. processes.ToArray().Select(n => this with { Processes = n, Tokens = Tokens / Processes * n })];
}
