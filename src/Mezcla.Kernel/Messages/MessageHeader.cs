namespace Mezcla.Kernel.Messages;

/// <summary>The header of a message that came, with the bytes it came in, which replies repeat as their parent header.</summary>
internal sealed record MessageHeader(string Id, string Session, string Type, ReadOnlyMemory<byte> Json)
{
    /// <summary>No parent: what the kernel says of itself.</summary>
    public static MessageHeader None { get; } = new("", "", "", "{}"u8.ToArray());
}
