using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Comms;

/// <summary>What came over a comm.</summary>
/// <param name="Data">The message's data.</param>
/// <param name="Metadata">The message's metadata.</param>
/// <param name="Buffers">Binary buffers that came with it.</param>
public sealed record CommMessage(JsonNode Data, JsonObject Metadata, IReadOnlyList<ReadOnlyMemory<byte>> Buffers);
