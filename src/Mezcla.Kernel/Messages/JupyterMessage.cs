using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Messages;

/// <summary>A received message with its signature verified and its JSON parsed.</summary>
internal sealed class JupyterMessage
{
    public required MessageHeader Header { get; init; }

    /// <summary>The header of the message that this one answers. Its id is empty if this message is not an answer.</summary>
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

    /// <summary>A copy of the value as a node, or an empty object if the value is missing.</summary>
    public JsonNode Node(string name) =>
        Content.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? JsonSerializer.SerializeToNode(value, MessageCodec.Json)! : new JsonObject();
}
