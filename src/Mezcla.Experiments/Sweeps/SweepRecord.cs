using System.Text.Json;
using Mezcla.Datasets;
using Mezcla.Models;
using Mezcla.Scaling.Fits;

namespace Mezcla.Experiments.Sweeps;

/// <summary>The result of one training of a sweep: one line of its file, with everything needed to repeat the training.</summary>
public sealed record SweepRecord
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Identifies the training.</summary>
    public required string Key { get; init; }

    /// <summary>The kind of model: <c>dense</c> or <c>moe</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Routed experts; 0 for a dense model.</summary>
    public required int Experts { get; init; }

    /// <summary>Tokens of a sequence.</summary>
    public required int Context { get; init; }

    /// <summary>All parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Parameters that a token uses.</summary>
    public required long Active { get; init; }

    /// <summary>All parameters except embeddings and head.</summary>
    public required long NonEmbedding { get; init; }

    /// <summary>Tokens (bytes of text) trained on.</summary>
    public required long Tokens { get; init; }

    /// <summary>Training FLOPs, counted matrix by matrix.</summary>
    public required double Flops { get; init; }

    /// <summary>The loss on held-out text, in nats per byte.</summary>
    public required double Loss { get; init; }

    /// <summary>The loss on the last training batch, in nats per byte.</summary>
    public required double TrainingLoss { get; init; }

    /// <summary>Optimizer steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Sequences in a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Peak learning rate.</summary>
    public required float LearningRate { get; init; }

    /// <summary>Seed of weights and batches.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The texts, in words.</summary>
    public required string Data { get; init; }

    /// <summary>SHA-256 of the token ids.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>Seconds of training.</summary>
    public required double Seconds { get; init; }

    /// <summary>The time at which the training ended, UTC.</summary>
    public DateTime Ended { get; init; } = DateTime.UtcNow;

    /// <summary>Mezcla's version.</summary>
    public string Version { get; init; } = typeof(SweepRecord).Assembly.GetName().Version!.ToString(3);

    /// <summary>The point that scaling laws are fitted to: active parameters, tokens, FLOPs and held-out loss.</summary>
    public TrainingRun ToRun() => new(Active, Tokens, Loss, Flops);

    /// <summary>The record as a line.</summary>
    public string ToLine() => JsonSerializer.Serialize(this, Json);

    /// <summary>
    /// Reads a file of records. A last line that was cut off, as by a crash, is left out; any other line that cannot be read is an error.
    /// </summary>
    /// <exception cref="FormatException">A line is not a record; the message says which.</exception>
    public static IReadOnlyList<SweepRecord> Read(string path)
    {
        var lines = File.ReadAllLines(path);
        var records = new List<SweepRecord>(lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            try
            {
                records.Add(JsonSerializer.Deserialize<SweepRecord>(lines[i], Json) ?? throw new JsonException("It is empty."));
            }
            catch (JsonException) when (i == lines.Length - 1)
            {
                break;
            }
            catch (JsonException error)
            {
                throw new FormatException($"{Path.GetFileName(path)}, line {i + 1} is not a record of a sweep. {error.Message}");
            }
        }

        return records;
    }

    /// <summary>The sweep that comes with the course, <c>datasets/runs/NAME.jsonl</c>.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no datasets folder.</exception>
    /// <exception cref="FileNotFoundException">There is no such sweep in it.</exception>
    public static IReadOnlyList<SweepRecord> Load(string name = "sweep") => Read(DatasetFolder.PathOf("runs", name + ".jsonl"));
}
