using System.Text.Json;
using System.Text.Json.Serialization;
using Mezcla.Models;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Experiments.Records;

/// <summary>
/// The record of a training run as JSON lines: first its configuration, seed, data hash, version and device, then one line per step. It is
/// enough to repeat the run and to find the first step at which the repetition differs.
/// </summary>
public sealed record RunRecord
{
    /// <summary>The model's shape.</summary>
    public required TransformerConfig Model { get; init; }

    /// <summary>How it was trained, seed included.</summary>
    public required TrainingConfig Training { get; init; }

    /// <summary>Where data, tokenizer and weights came from.</summary>
    public required TrainingSource Source { get; init; }

    /// <summary>SHA-256 of the token ids.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>Mezcla's version.</summary>
    public string Version { get; init; } = ThisVersion;

    /// <summary>The device it ran on.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The number of processes that trained together; null for one alone.</summary>
    public int? Processes { get; init; }

    /// <summary>The number of processes that the experts were spread over; null if each had all.</summary>
    public int? ExpertParallel { get; init; }

    /// <summary>The time at which the run began, UTC.</summary>
    public DateTime Started { get; init; } = DateTime.UtcNow;

    /// <summary>The measurements of each step.</summary>
    [JsonIgnore]
    public IReadOnlyList<TrainingStep> Steps { get; init; } = [];

    /// <summary>The version of Mezcla that is running.</summary>
    public static string ThisVersion { get; } = typeof(RunRecord).Assembly.GetName().Version!.ToString(3);

    /// <summary>Writes the head line.</summary>
    public void WriteHead(TextWriter writer) => writer.WriteLine(JsonSerializer.Serialize(this, ConfigJson.Options));

    /// <summary>Writes the line of a step.</summary>
    public static void WriteStep(TextWriter writer, TrainingStep step) =>
        writer.WriteLine(JsonSerializer.Serialize(step, ConfigJson.Options));

    /// <summary>Reads a record. A last line that was cut off while it was written is left out.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">A line cannot be read; the message says which.</exception>
    public static RunRecord Read(string path)
    {
        var text = File.ReadAllText(path);
        var lines = text.Split('\n');
        RunRecord? head = null;
        var steps = new List<TrainingStep>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            try
            {
                if (head is null)
                    head = JsonSerializer.Deserialize<RunRecord>(lines[i], ConfigJson.Options);
                else
                    steps.Add(JsonSerializer.Deserialize<TrainingStep>(lines[i], ConfigJson.Options)
                        ?? throw new JsonException("The line is empty."));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                if (head is not null && i == lines.Length - 1)
                    break;
                throw new InvalidDataException($"{path}, line {i + 1}: not a line of a run record: {e.Message}", e);
            }
        }

        return (head ?? throw new InvalidDataException($"{path} is empty: no run record.")) with { Steps = steps };
    }

    /// <summary>The first difference, in any bit, between the measurements of this record and those of <paramref name="other"/>; null if
    /// all shared steps are the same. Times are not compared.</summary>
    public RunDifference? FirstDifference(IEnumerable<TrainingStep> other)
    {
        var recorded = Steps.ToDictionary(s => s.Step);
        return other.Where(step => recorded.ContainsKey(step.Step)).Select(step => Difference(recorded[step.Step], step))
            .FirstOrDefault(d => d is not null);
    }

    private static RunDifference? Difference(TrainingStep recorded, TrainingStep step)
    {
        (string Metric, double? Recorded, double? Obtained)[] metrics =
        [
            ("loss", recorded.Loss, step.Loss), ("cross-entropy", recorded.CrossEntropy, step.CrossEntropy),
            ("gradient norm", recorded.GradientNorm, step.GradientNorm),
            ("learning rate", recorded.LearningRate, step.LearningRate), ("tokens", recorded.Tokens, step.Tokens),
            ("validation loss", recorded.ValidationLoss, step.ValidationLoss),
        ];
        return metrics.Where(m => m.Recorded != m.Obtained).Select(m => new RunDifference(step.Step, m.Metric, m.Recorded, m.Obtained))
            .FirstOrDefault();
    }
}

/// <summary>The first difference between two runs.</summary>
/// <param name="Step">The step.</param>
/// <param name="Metric">The name of the measurement that differs.</param>
/// <param name="Recorded">Its value in the record; null if it was not measured.</param>
/// <param name="Obtained">Its value now.</param>
public sealed record RunDifference(int Step, string Metric, double? Recorded, double? Obtained);
