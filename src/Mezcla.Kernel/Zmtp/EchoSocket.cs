namespace Mezcla.Kernel.Zmtp;

/// <summary>The heartbeat: a REP socket that echoes each message, on threads of its own, even while a cell runs.</summary>
internal sealed class EchoSocket(ZmtpLimits limits, KernelLog log) : ZmtpServer(SocketKind.Rep, limits, log)
{
    protected override ValueTask OnMessageAsync(ZmtpConnection from, ReadOnlyMemory<byte>[] frames, CancellationToken cancel)
    {
        if (!from.IsFull)
            from.Send(frames);
        return ValueTask.CompletedTask;
    }
}
