using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Comms;

/// <summary>A message that arrived over a comm.</summary>
/// <param name="Data">The message's data.</param>
/// <param name="Metadata">The message's metadata.</param>
/// <param name="Buffers">The binary buffers of the message.</param>
public sealed record CommMessage(JsonNode Data, JsonObject Metadata, IReadOnlyList<ReadOnlyMemory<byte>> Buffers);
