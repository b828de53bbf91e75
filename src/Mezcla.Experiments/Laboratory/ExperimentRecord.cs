using System.Text.Json;
using Mezcla.Datasets;
using Mezcla.Models;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Experiments.Laboratory;

/// <summary>The measurements after one step.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="CrossEntropy">Nats per token of its batch, to the bit: what a repetition is compared with.</param>
/// <param name="Load">For each block with experts the share of every expert on a batch that
/// is always the same, in evaluation; empty for dense models.</param>
/// <param name="Dropped">The share of choices that full experts dropped there, over all blocks.</param>
public sealed record ExperimentPoint(int Step, double CrossEntropy, IReadOnlyList<double[]> Load, double Dropped)
{
    /// <summary>The mean over blocks of the load's entropy in units of its maximum; 1 when even, NaN for dense models.</summary>
    public double LoadEntropy() =>
        Mean(shares => shares.Length == 1 ? 1 : -shares.Where(p => p > 0).Sum(p => p * Math.Log(p)) / Math.Log(shares.Length));

    /// <summary>The mean over blocks of MaxVio, the largest load over the mean, less one (Wang et al. 2024).</summary>
    public double MaxViolation() => Mean(shares => shares.Max() * shares.Length - 1);

    /// <summary>The mean over blocks of the share of experts with less than a tenth of an even load.</summary>
    public double Idle() => Mean(shares => shares.Count(p => p < 0.1 / shares.Length) / (double)shares.Length);

    private double Mean(Func<double[], double> of) => Load.Count == 0 ? double.NaN : Load.Average(of);
}

/// <summary>One training of an experiment and its results, as one line of JSON. It is enough to
/// repeat the training and to find the first step that differs.</summary>
public sealed record ExperimentRecord
{
    /// <summary>Name of the experiment.</summary>
    public required string Experiment { get; init; }

    /// <summary>What was trained.</summary>
    public required ExperimentRun Run { get; init; }

    /// <summary>The texts, in words.</summary>
    public required string Data { get; init; }

    /// <summary>SHA-256 of the token ids.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>All parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Parameters that a token uses.</summary>
    public required long Active { get; init; }

    /// <summary>Training FLOPs by the formula, matrix by matrix, without those of a dense start.</summary>
    public required double Flops { get; init; }

    /// <summary>Nats per token on held-out text.</summary>
    public required double Loss { get; init; }

    /// <summary>Seconds of training, without those of a dense start; on a shared machine they say little.</summary>
    public required double Seconds { get; init; }

    /// <summary>What was measured on the way.</summary>
    public required IReadOnlyList<ExperimentPoint> Points { get; init; }

    /// <summary>What the experiment measured at the end, by name.</summary>
    public IReadOnlyDictionary<string, double> Measures { get; init; } = new Dictionary<string, double>();

    /// <summary>When it ended, UTC.</summary>
    public DateTime Ended { get; init; } = DateTime.UtcNow;

    /// <summary>Mezcla's version.</summary>
    public string Version { get; init; } = typeof(ExperimentRecord).Assembly.GetName().Version!.ToString(3);

    /// <summary>The device it ran on.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The record as a line.</summary>
    public string ToLine() => JsonSerializer.Serialize(this, ConfigJson.Options);

    /// <summary>The first step at which a repetition differs in any bit; the step after the last if
    /// only the held-out loss differs; null if everything is the same.</summary>
    public int? FirstDifference(ExperimentRecord other)
    {
        foreach (var (mine, theirs) in Points.Zip(other.Points))
            if (mine.Step != theirs.Step || mine.CrossEntropy != theirs.CrossEntropy)
                return mine.Step;
        // The held-out loss is a mean over batches. The order of its summation is not part of the training, so a rounding error is allowed.
        return Points.Count == other.Points.Count && Math.Abs(Loss - other.Loss) <= 1e-12 * Math.Abs(Loss) ? null : Points[^1].Step + 1;
    }

    /// <summary>Reads a file of records. A last line that was cut off, as by a crash, is left
    /// out; any other line that cannot be read is an error.</summary>
    /// <exception cref="InvalidDataException">A line is not a record; the message says which.</exception>
    public static IReadOnlyList<ExperimentRecord> Read(string path)
    {
        var lines = File.ReadAllLines(path);
        var records = new List<ExperimentRecord>(lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            try
            {
                records.Add(
                    JsonSerializer.Deserialize<ExperimentRecord>(lines[i], ConfigJson.Options) ?? throw new JsonException("It is empty."));
            }
            catch (Exception error) when (error is JsonException or NotSupportedException)
            {
                if (i == lines.Length - 1)
                    break;
                throw new InvalidDataException($"{Path.GetFileName(path)}, line {i + 1} is not a record of an experiment. {error.Message}");
            }
        }

        return records;
    }

    /// <summary>The records that come with the course, <c>datasets/runs/NAME.jsonl</c>.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no datasets folder.</exception>
    /// <exception cref="FileNotFoundException">There is no such file in it.</exception>
    public static IReadOnlyList<ExperimentRecord> Load(string experiment) => Read(DatasetFolder.PathOf("runs", experiment + ".jsonl"));
}
