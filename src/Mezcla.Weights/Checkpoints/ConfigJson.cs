using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mezcla.Weights.Checkpoints;

/// <summary>How configurations are written as JSON.</summary>
public static class ConfigJson
{
    /// <summary>Names are in snake case, enum values in kebab case, and properties that are null are omitted.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}
