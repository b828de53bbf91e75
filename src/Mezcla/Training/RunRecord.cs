using System.Text.Json;
using Mezcla.Models;

namespace Mezcla.Training;

/// <summary>
/// What a run was and what it measured, as JSON lines: first its configuration, seed, data hash, version and device, then one line a step.
/// Enough to run it again and to say where the second run first differs.
/// </summary>
public sealed record RunRecord
{
    /// <summary>The model's shape.</summary>
    public required TransformerConfig Model { get; init; }

    /// <summary>How it was trained, seed included.</summary>
    public required TrainingConfig Training { get; init; }

    /// <summary>Where the data came from: a corpus name or a file name.</summary>
    public required string Data { get; init; }

    /// <summary>SHA-256 of the token ids.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>Seed of the weights.</summary>
    public required ulong ModelSeed { get; init; }

    /// <summary>Mezcla's version.</summary>
    public string Version { get; init; } = typeof(RunRecord).Assembly.GetName().Version!.ToString(3);

    /// <summary>The device it ran on.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>When it began, UTC.</summary>
    public DateTime Started { get; init; } = DateTime.UtcNow;

    /// <summary>What each step measured.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyList<TrainingStep> Steps { get; init; } = [];

    /// <summary>Writes the head line.</summary>
    public void WriteHead(TextWriter writer) => writer.WriteLine(JsonSerializer.Serialize(this, ModelCheckpoint.Json));

    /// <summary>Writes the line of a step.</summary>
    public static void WriteStep(TextWriter writer, TrainingStep step) => writer.WriteLine(JsonSerializer.Serialize(step, ModelCheckpoint.Json));

    /// <summary>Reads a record.</summary>
    /// <exception cref="InvalidDataException">Names the line that cannot be read.</exception>
    public static RunRecord Read(string path)
    {
        RunRecord? head = null;
        var steps = new List<TrainingStep>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            try
            {
                if (head is null) head = JsonSerializer.Deserialize<RunRecord>(line, ModelCheckpoint.Json);
                else steps.Add(JsonSerializer.Deserialize<TrainingStep>(line, ModelCheckpoint.Json) ?? throw new JsonException("The line is empty."));
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                throw new InvalidDataException($"{path}, line {number}: not a line of a run record: {e.Message}", e);
            }
        }

        return (head ?? throw new InvalidDataException($"{path} is empty: no run record.")) with { Steps = steps };
    }

    /// <summary>The first step at which the losses of <paramref name="other"/> differ in any bit; null where all shared steps agree.</summary>
    public int? FirstDifference(IReadOnlyList<TrainingStep> other)
    {
        var mine = Steps.ToDictionary(s => s.Step);
        foreach (var step in other)
            if (mine.TryGetValue(step.Step, out var same) && same.Loss != step.Loss) return step.Step;
        return null;
    }
}
