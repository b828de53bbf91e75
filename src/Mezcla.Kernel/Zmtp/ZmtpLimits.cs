namespace Mezcla.Kernel.Zmtp;

/// <summary>Limits on the memory and time that one peer of a server may use.</summary>
internal sealed record ZmtpLimits
{
    /// <summary>Most bytes in one message, all frames together.</summary>
    public long MessageBytes { get; init; } = 512L << 20;

    /// <summary>Most frames in one message.</summary>
    public int MessageFrames { get; init; } = 4096;

    /// <summary>The number of bytes that may wait to be sent to one peer. A peer above it counts as full.</summary>
    public long OutboundBytes { get; init; } = 64L << 20;

    /// <summary>The number of messages of one peer that may wait to be handled.
    /// Above it, the server stops reading from that peer.</summary>
    public int InboundMessages { get; init; } = 1000;

    /// <summary>The number of bytes of one peer's messages that may wait to be
    /// handled. Above it, the server stops reading from that peer.</summary>
    public long InboundBytes { get; init; } = 64L << 20;

    /// <summary>Most peers connected to one socket.</summary>
    public int Peers { get; init; } = 256;

    /// <summary>How long a peer has to finish its handshake.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the publisher waits for a full subscriber that reads nothing, before it drops its messages.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(5);
}
