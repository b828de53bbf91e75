using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Mezcla.Kernel.Tests.Client;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Tests;

public class ZmtpTests
{
    // RFC 23's own layout: signature, version 3.0, mechanism padded to 20 bytes, as-server, filler.
    private static readonly byte[] Greeting =
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0, .. "NULL"u8, .. new byte[16], 0, .. new byte[31]];

    [Fact]
    public void The_greeting_is_the_specifications() => Assert.Equal(Greeting, ZmtpProtocol.Greeting());

    [Fact]
    public void A_ready_command_is_the_specifications()
    {
        byte[] expected = [5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, 6, .. "DEALER"u8, 8, .. "Identity"u8, 0, 0, 0, 2, .. "me"u8];
        Assert.Equal(expected, ZmtpProtocol.Ready(SocketKind.Dealer, "me"u8));
        Assert.Equal("READY", ZmtpProtocol.CommandName(expected, out ReadOnlyMemory<byte> rest));
        var (kind, identity) = ZmtpProtocol.ParseReady(rest.Span);
        Assert.Equal(SocketKind.Dealer, kind);
        Assert.Equal("me"u8, identity);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(255, 2)]
    [InlineData(256, 9)]
    public void A_frame_has_a_short_header_up_to_255_bytes(int length, int header)
    {
        var bytes = new byte[9];
        Assert.Equal(header, ZmtpProtocol.WriteHeader(bytes, ZmtpProtocol.FlagMore, length));
        Assert.Equal(header == 2 ? 1 : 3, bytes[0]);
        Assert.Equal(length, header == 2 ? bytes[1] : BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(65_536)]
    [InlineData(3_000_001)]
    public async Task Frames_of_any_length_come_back_from_the_heartbeat(int length)
    {
        await using var echo = Echo();
        await using ZmtpConnection client = await DialAsync(echo, SocketKind.Req);
        var payload = new byte[length];
        new Random(length).NextBytes(payload);
        client.Send(ReadOnlyMemory<byte>.Empty, payload, payload);
        ReadOnlyMemory<byte>[]? answer = await client.ReceiveAsync(CancellationToken.None);
        Assert.Equal(3, answer!.Length);
        Assert.True(answer[2].Span.SequenceEqual(payload));
    }

    [Fact]
    public async Task Peers_that_speak_something_else_are_closed_and_others_served()
    {
        var log = new StringWriter();
        await using var echo = Echo(log);
        byte[][] openings =
        [
            Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + new string(' ', 64)),
            [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1, 3],
            [.. Greeting[..12], .. "CURVE"u8, .. new byte[47]],
            [.. Greeting, 0, 5, .. "hello"u8],
            [.. Greeting, 4, 1, 0],
            [.. Greeting, 4, 6, 5, .. "READY"u8],
            [.. Greeting, 4, 12, 5, .. "READY"u8, 200, .. "short"u8],
            [.. Greeting, 4, 26, 5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, 4, .. "WHAT"u8],
            [.. Greeting, 4, 25, 5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, 3, .. "SUB"u8],
            [.. Greeting, 0xF8, 0],
        ];
        foreach (var opening in openings)
        {
            using Socket socket = await RawAsync(echo);
            await socket.SendAsync(opening);
            await EndAsync(socket);
        }

        await using ZmtpConnection client = await DialAsync(echo, SocketKind.Req);
        client.Send("still here"u8.ToArray());
        Assert.Equal("still here", await TextAsync(client));
        Assert.Contains("does not speak ZMTP", log.ToString());
    }

    [Fact]
    public async Task A_header_that_promises_more_than_memory_has_costs_nothing_but_its_connection()
    {
        await using var echo = Echo();
        foreach (var length in new[] { ulong.MaxValue, 1UL << 62, 1UL << 40 })
        {
            using Socket socket = await RawAsync(echo);
            var header = new byte[9];
            header[0] = ZmtpProtocol.FlagLong;
            BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(1), length);
            await socket.SendAsync((byte[])[.. Greeting, .. Ready("REQ"), .. header]);
            await EndAsync(socket);
        }

        // Within what is allowed, memory is taken as bytes come: four hundred promised megabytes take none.
        using Socket promise = await RawAsync(echo);
        byte[] large = [2, .. new byte[8]];
        BinaryPrimitives.WriteInt64BigEndian(large.AsSpan(1), 400L << 20);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await promise.SendAsync((byte[])[.. Greeting, .. Ready("REQ"), .. large, .. new byte[1000]]);
        await using ZmtpConnection client = await DialAsync(echo, SocketKind.Req);
        client.Send("x"u8.ToArray());
        Assert.NotNull(await client.ReceiveAsync(CancellationToken.None));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 100L << 20);
    }

    [Fact]
    public async Task A_peer_that_does_not_shake_hands_is_closed_in_time()
    {
        await using var echo = Echo(limits: new ZmtpLimits { Handshake = TimeSpan.FromMilliseconds(200) });
        using Socket socket = await RawAsync(echo);
        await EndAsync(socket);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_refused_until_others_leave()
    {
        await using var echo = Echo(limits: new ZmtpLimits { Peers = 2 });
        ZmtpConnection first = await DialAsync(echo, SocketKind.Req);
        await using ZmtpConnection second = await DialAsync(echo, SocketKind.Req);
        using (Socket third = await RawAsync(echo))
            await EndAsync(third);
        await first.DisposeAsync();
        await ServedAsync(echo).WaitAsync(KernelClient.Patience);
    }

    [Fact]
    public async Task Ping_is_answered_and_subscriptions_come_as_commands_too()
    {
        await using var publisher = new PublisherSocket(new ZmtpLimits(), Log());
        publisher.Bind(Loopback);
        publisher.Start();
        using Socket socket = await RawAsync(publisher);
        await socket.SendAsync(
            (byte[])[.. Greeting, .. Ready("SUB"), 4, 9, 4, .. "PING"u8, 0, 9, .. "ab"u8, 4, 12, 9, .. "SUBSCRIBE"u8, .. "to"u8]);
        while (publisher.Connections.Length == 0)
            await Task.Delay(10);
        var reader = new FrameReader(new NetworkStream(socket), new ZmtpLimits());
        await reader.ReadExactlyAsync(new byte[64], CancellationToken.None);
        Assert.True((await reader.ReadFrameAsync(1000, CancellationToken.None))!.Value.Command);
        ZmtpFrame pong = (await reader.ReadFrameAsync(1000, CancellationToken.None))!.Value;
        Assert.Equal("\x04PONGab"u8, pong.Body.Span);
        Task<ZmtpFrame?> next = reader.ReadFrameAsync(1000, CancellationToken.None).AsTask();
        while (!next.IsCompleted)
        {
            publisher.Publish("other"u8.ToArray());
            publisher.Publish("topic"u8.ToArray());
            await Task.Delay(10);
        }

        Assert.Equal("topic", Encoding.ASCII.GetString((await next)!.Value.Body.Span));
    }

    [Fact]
    public async Task A_subscriber_hears_what_it_subscribed_to_until_it_cancels()
    {
        await using var publisher = new PublisherSocket(new ZmtpLimits(), Log());
        var subscribed = new SemaphoreSlim(0);
        publisher.Subscribed = (_, _) => subscribed.Release();
        publisher.Bind(Loopback);
        publisher.Start();
        await using ZmtpConnection client = await DialAsync(publisher, SocketKind.Sub);
        foreach (var topic in new[] { "a", "b", "b" })
        {
            client.Send((byte[])[1, .. Encoding.ASCII.GetBytes(topic)]);
            await subscribed.WaitAsync();
        }

        client.Send((byte[])[0, .. "b"u8]);
        client.Send((byte[])[0, .. "a"u8]);
        client.Send((byte[])[1, .. "end"u8]);
        await subscribed.WaitAsync();
        foreach (var topic in new[] { "a1", "b1", "c1", "end" })
            publisher.Publish(Encoding.ASCII.GetBytes(topic));
        Assert.Equal("b1", await TextAsync(client));
        Assert.Equal("end", await TextAsync(client));
    }

    // Dials until there is room: when the server notices that somebody left is its own matter.
    private static async Task ServedAsync(EchoSocket echo)
    {
        while (true)
        {
            try
            {
                await using ZmtpConnection next = await DialAsync(echo, SocketKind.Req);
                next.Send("x"u8.ToArray());
                if (await next.ReceiveAsync(CancellationToken.None) is not null)
                    return;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // Refused.
            }

            await Task.Delay(20);
        }
    }

    private static System.Net.IPEndPoint Loopback => new(System.Net.IPAddress.Loopback, 0);

    private static byte[] Ready(string kind)
    {
        byte[] body = [5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, (byte)kind.Length, .. Encoding.ASCII.GetBytes(kind)];
        return [4, (byte)body.Length, .. body];
    }

    private static KernelLog Log(TextWriter? to = null) => new(TextWriter.Synchronized(to ?? new StringWriter()));

    private static EchoSocket Echo(TextWriter? log = null, ZmtpLimits? limits = null)
    {
        var echo = new EchoSocket(limits ?? new ZmtpLimits(), Log(log));
        echo.Bind(Loopback);
        echo.Start();
        return echo;
    }

    private static async Task<Socket> RawAsync(ZmtpServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.LocalEndPoint);
        return socket;
    }

    private static async Task<ZmtpConnection> DialAsync(ZmtpServer server, SocketKind kind) =>
        await ZmtpConnection.OpenAsync(await RawAsync(server), kind, default, new ZmtpLimits(), CancellationToken.None);

    private static async Task<string> TextAsync(ZmtpConnection connection) =>
        Encoding.ASCII.GetString((await connection.ReceiveAsync(CancellationToken.None))![0].Span);

    // Reads until the other side closes, which is what each test that calls this is about.
    private static async Task EndAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(KernelClient.Patience);
        var buffer = new byte[1000];
        try
        {
            while (await socket.ReceiveAsync(buffer, timeout.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset instead of closed: bytes it had not read yet were on their way.
        }
    }
}
