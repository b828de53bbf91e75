using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mezcla.Quantization.Studies;

/// <summary>One measurement of a study, a line of JSON in
/// <c>datasets/runs/quantization</c>. Fields that a study does not use are left out.</summary>
public sealed record StudyRecord
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
        };

    /// <summary>Which study: formats, activations, cache, overtraining, training, experts, pruning.</summary>
    public required string Study { get; init; }

    /// <summary>The model's file.</summary>
    public required string Model { get; init; }

    /// <summary>Its parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>The seed of its initial weights and of its batches, in records of several seeds.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Tokens it was trained on, where the file says so.</summary>
    public long? TrainedTokens { get; init; }

    /// <summary>How weights were chosen.</summary>
    public string? Method { get; init; }

    /// <summary>The format of what was quantized.</summary>
    public string? Format { get; init; }

    /// <summary>What was quantized, where not everything was.</summary>
    public string? Part { get; init; }

    /// <summary>Bits per quantized weight, including scales and offsets.</summary>
    public double? Bits { get; init; }

    /// <summary>The share of weights that were removed.</summary>
    public double? Sparsity { get; init; }

    /// <summary>Steps of training after pruning, or with rounding.</summary>
    public int? RetrainedSteps { get; init; }

    /// <summary>Nats per token of the model as it was.</summary>
    public required double LossBefore { get; init; }

    /// <summary>Nats per token now.</summary>
    public required double Loss { get; init; }

    /// <summary>exp of <see cref="Loss"/>.</summary>
    public double Perplexity => Math.Exp(Loss);

    /// <summary>Relative error of the outputs of a matrix, the mean over matrices; on the calibration text.</summary>
    public double? OutputError { get; init; }

    /// <summary>Share of tokens (over all layers) that get a different set of experts.</summary>
    public double? ExpertsChanged { get; init; }

    /// <summary>Share of tokens that get a different expert with the largest weight.</summary>
    public double? FirstExpertChanged { get; init; }

    /// <summary>Seconds that choosing the weights took.</summary>
    public double? Seconds { get; init; }

    /// <summary>The line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads a file of records.</summary>
    /// <exception cref="InvalidDataException">Names the line that cannot be read.</exception>
    public static IReadOnlyList<StudyRecord> Read(string path)
    {
        var records = new List<StudyRecord>();
        foreach (var line in File.ReadLines(path))
        {
            try
            {
                records.Add(JsonSerializer.Deserialize<StudyRecord>(line, Json) ?? throw new JsonException("The line is empty."));
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{path}, line {records.Count + 1}: this is not a record of a study: {e.Message}", e);
            }
        }
        return records;
    }
}
