namespace Mezcla.Kernel.Zmtp;

/// <summary>The heartbeat: a REP socket that answers each message with itself, on threads of its own, whatever a cell is doing.</summary>
internal sealed class EchoSocket(ZmtpLimits limits, KernelLog log) : ZmtpServer(SocketKind.Rep, limits, log)
{
    protected override ValueTask OnMessageAsync(ZmtpConnection from, ReadOnlyMemory<byte>[] frames, CancellationToken cancel)
    {
        if (!from.IsFull)
            from.Send(frames);
        return ValueTask.CompletedTask;
    }
}
