using System.Text.Json;
using Mezcla.Datasets;
using Mezcla.Models;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Experiments.Laboratory;

/// <summary>The measurements after one step.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="CrossEntropy">Cross-entropy of the step's batch in nats per token, stored exactly, so that a repetition can be compared bit
/// by bit.</param>
/// <param name="Load">For each block with experts, the share of every expert on a fixed batch, measured in evaluation mode; empty for dense
/// models.</param>
/// <param name="Dropped">The share of choices on this batch that were dropped because the expert was full, over all blocks.</param>
public sealed record ExperimentPoint(int Step, double CrossEntropy, IReadOnlyList<double[]> Load, double Dropped)
{
    /// <summary>The entropy of the load divided by its maximum, averaged over blocks; 1 if the load is even, NaN for dense
    /// models.</summary>
    public double LoadEntropy() =>
        Mean(shares => shares.Length == 1 ? 1 : -shares.Where(p => p > 0).Sum(p => p * Math.Log(p)) / Math.Log(shares.Length));

    /// <summary>MaxVio, the ratio of the largest load to the mean load minus one, averaged over blocks (Wang et al. 2024).</summary>
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

    /// <summary>The training that was run.</summary>
    public required ExperimentRun Run { get; init; }

    /// <summary>The texts, in words.</summary>
    public required string Data { get; init; }

    /// <summary>SHA-256 of the token ids.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>All parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Parameters that a token uses.</summary>
    public required long Active { get; init; }

    /// <summary>Training FLOPs, counted matrix by matrix, without those of the dense model that the run starts from.</summary>
    public required double Flops { get; init; }

    /// <summary>Nats per token on held-out text.</summary>
    public required double Loss { get; init; }

    /// <summary>Seconds of training, without those of the dense model that the run starts from; they are not reliable on a shared
    /// machine.</summary>
    public required double Seconds { get; init; }

    /// <summary>The measurements during training.</summary>
    public required IReadOnlyList<ExperimentPoint> Points { get; init; }

    /// <summary>The further measurements at the end, by name.</summary>
    public IReadOnlyDictionary<string, double> Measures { get; init; } = new Dictionary<string, double>();

    /// <summary>The time at which the training ended, UTC.</summary>
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
