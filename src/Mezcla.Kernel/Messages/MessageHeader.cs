namespace Mezcla.Kernel.Messages;

/// <summary>
/// The header of a received message, with its original bytes, which replies repeat as their parent header.
/// </summary>
internal sealed record MessageHeader(string Id, string Session, string Type, ReadOnlyMemory<byte> Json)
{
    /// <summary>The parent header of messages that do not answer a request.</summary>
    public static MessageHeader None { get; } = new("", "", "", "{}"u8.ToArray());
}
