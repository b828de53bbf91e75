namespace Mezcla.Kernel.Zmtp;

/// <summary>What a server lets one peer cost it.</summary>
internal sealed record ZmtpLimits
{
    /// <summary>Most bytes in one message, all frames together.</summary>
    public long MessageBytes { get; init; } = 512L << 20;

    /// <summary>Most frames in one message.</summary>
    public int MessageFrames { get; init; } = 4096;

    /// <summary>Bytes that may wait to be sent to one peer; beyond it a peer counts as stalled.</summary>
    public long OutboundBytes { get; init; } = 64L << 20;

    /// <summary>Messages of one peer that may wait to be handled; beyond it nothing more is read from that peer.</summary>
    public int InboundMessages { get; init; } = 1000;

    /// <summary>Bytes of one peer's messages that may wait to be handled; beyond it nothing more is read from that peer.</summary>
    public long InboundBytes { get; init; } = 64L << 20;

    /// <summary>Most peers connected to one socket.</summary>
    public int Peers { get; init; } = 256;

    /// <summary>How long a peer has to finish its handshake.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the publisher waits for a full subscriber that takes nothing, before it goes on without it.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(5);
}
