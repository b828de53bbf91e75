using System.Buffers.Binary;

namespace Mezcla.Kernel.Zmtp;

/// <summary>One frame as it came: a message's part, or a command.</summary>
internal readonly record struct ZmtpFrame(ReadOnlyMemory<byte> Body, bool More, bool Command);

/// <summary>Reads frames from a stream through a buffer; memory grows with the bytes
/// that came, never with those a header promises.</summary>
internal sealed class FrameReader(Stream stream, ZmtpLimits limits)
{
    private const int Step = 1 << 20;
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>Reads exactly as many bytes as fit; false if the stream ends before the first of them.</summary>
    /// <exception cref="ZmtpException">The stream ends in between.</exception>
    public async ValueTask<bool> ReadExactlyAsync(Memory<byte> into, CancellationToken cancel)
    {
        var done = 0;
        while (done < into.Length)
        {
            if (_start == _end)
            {
                if (into.Length - done >= _buffer.Length)
                {
                    // A large body goes straight to its place.
                    var direct = await stream.ReadAsync(into[done..], cancel).ConfigureAwait(false);
                    if (direct == 0)
                        return Ended(done);
                    done += direct;
                    continue;
                }

                _start = 0;
                _end = await stream.ReadAsync(_buffer, cancel).ConfigureAwait(false);
                if (_end == 0)
                    return Ended(done);
            }

            var count = Math.Min(_end - _start, into.Length - done);
            _buffer.AsMemory(_start, count).CopyTo(into[done..]);
            _start += count;
            done += count;
        }

        return true;
    }

    /// <summary>The next frame, or null where the peer closed between two frames.</summary>
    /// <param name="room">The bytes this frame's body may have.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="ZmtpException">The header is not a frame's, the body is larger
    /// than allowed, or the stream ends inside the frame.</exception>
    public async ValueTask<ZmtpFrame?> ReadFrameAsync(long room, CancellationToken cancel)
    {
        var header = new byte[9];
        if (!await ReadExactlyAsync(header.AsMemory(0, 1), cancel).ConfigureAwait(false))
            return null;
        var flags = header[0];
        var command = (flags & ZmtpProtocol.FlagCommand) != 0;
        var more = (flags & ZmtpProtocol.FlagMore) != 0;
        if ((flags & ~7) != 0 || (command && more))
            throw new ZmtpException($"a frame with the flags 0x{flags:x2}");

        var sizeBytes = (flags & ZmtpProtocol.FlagLong) != 0 ? 8 : 1;
        await Required(header.AsMemory(1, sizeBytes), cancel).ConfigureAwait(false);
        var length = sizeBytes == 1 ? header[1] : BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(1));
        if (length > (ulong)Math.Max(0, room))
            throw new ZmtpException($"a frame of {length} bytes, more than the {limits.MessageBytes} a message may have");
        return new ZmtpFrame(await ReadBodyAsync((int)length, cancel).ConfigureAwait(false), more, command);
    }

    private async ValueTask<byte[]> ReadBodyAsync(int length, CancellationToken cancel)
    {
        var body = new byte[Math.Min(length, Step)];
        await Required(body, cancel).ConfigureAwait(false);
        while (body.Length < length)
        {
            var had = body.Length;
            Array.Resize(ref body, (int)Math.Min(length, (long)had * 4));
            await Required(body.AsMemory(had), cancel).ConfigureAwait(false);
        }

        return body;
    }

    private async ValueTask Required(Memory<byte> into, CancellationToken cancel)
    {
        if (into.Length > 0 && !await ReadExactlyAsync(into, cancel).ConfigureAwait(false))
            throw new ZmtpException("the peer closed in the middle of a frame");
    }

    private static bool Ended(int done) =>
        done == 0 ? false : throw new ZmtpException("the peer closed in the middle of a frame");
}
