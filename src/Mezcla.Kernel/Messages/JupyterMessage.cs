using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Messages;

/// <summary>A message that came, its signature checked and its JSON parsed.</summary>
internal sealed class JupyterMessage
{
    public required MessageHeader Header { get; init; }

    /// <summary>The header of the message this one answers; its id is empty where it answers none.</summary>
    public required JsonElement ParentHeader { get; init; }

    public required JsonElement Metadata { get; init; }

    public required JsonElement Content { get; init; }

    public required IReadOnlyList<ReadOnlyMemory<byte>> Buffers { get; init; }

    public string Type => Header.Type;

    public string Text(string name, string fallback = "") =>
        Content.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : fallback;

    public bool Flag(string name, bool fallback) =>
        Content.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean() : fallback;

    public int? Number(string name) =>
        Content.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && double.IsFinite(number) ? (int)Math.Clamp(number, int.MinValue, int.MaxValue) : null;

    /// <summary>The value as a node of its own, or an empty object where it is missing.</summary>
    public JsonNode Node(string name) =>
        Content.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? JsonSerializer.SerializeToNode(value, MessageCodec.Json)! : new JsonObject();
}
