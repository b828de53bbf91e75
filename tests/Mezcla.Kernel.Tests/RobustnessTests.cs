using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Tests.Client;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Tests;

/// <summary>Clients that misbehave, while another one works.</summary>
public class RobustnessTests
{
    // Long enough that the client that does read, in this process and on a busy machine, is never taken for one that does not.
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Wrong_signatures_and_malformed_messages_are_dropped_and_logged()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        ReadOnlyMemory<byte>[] forged = new MessageCodec("another key", "hmac-sha256").Encode(
            [], "execute_request", MessageHeader.None, KernelClient.Code("1"));
        foreach (ZmtpConnection channel in new[] { client.Shell, client.Control })
        {
            channel.Send(forged);
            channel.Send("no delimiter"u8.ToArray());
            channel.Send("<IDS|MSG>"u8.ToArray());
            channel.Send(
                client.Codec.Encode([], "execute_request", MessageHeader.None, new JsonObject { ["code"] = 17, ["silent"] = "yes" })[..5]);
        }

        Assert.Equal("ok", (await client.AskAsync("kernel_info_request", [])).Text("status"));
        await kernel.WaitForLogAsync("its signature is wrong");
        await kernel.WaitForLogAsync("no delimiter");
    }

    [Fact]
    public async Task Contents_of_the_wrong_types_are_taken_as_missing_and_unknown_requests_answered()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        foreach (var type in new[]
        {
            "execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request", "comm_info_request",
            "kernel_info_request", "connect_request",
        })
        {
            foreach (JsonNode? junk in new JsonNode?[] { 17.5, "text", new JsonArray(1), new JsonObject { ["a"] = 1 }, null, -1e300 })
            {
                var content = new JsonObject();
                foreach (var name in new[]
                {
                    "code", "silent", "store_history", "user_expressions", "cursor_pos", "detail_level", "hist_access_type", "n", "session",
                    "start", "stop", "pattern", "target_name", "allow_stdin", "stop_on_error",
                })
                    content[name] = junk?.DeepClone();
                Assert.NotEqual("", (await client.AskAsync(type, content)).Text("status"));
            }
        }

        JupyterMessage unknown = await client.AskAsync("dance_request", []);
        Assert.Equal(("dance_reply", "error"), (unknown.Type, unknown.Text("status")));
        client.Send("a message nobody knows", []);
        client.Send("comm_msg", new JsonObject { ["comm_id"] = "nowhere" });
        Assert.Equal("ok", (await client.AskAsync("kernel_info_request", [])).Text("status"));
    }

    /// <summary>Bytes at random after a good handshake, and good frames holding bytes
    /// at random, from connection after connection.</summary>
    [Fact]
    public async Task Random_frames_leave_the_kernel_serving()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        int[] ports = [kernel.Connection.ShellPort, kernel.Connection.ControlPort, kernel.Connection.StdinPort,
            kernel.Connection.HeartbeatPort];
        Gen<byte[]> bytes = Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf();
        var parts = Gen.OneOf(
            bytes,
            Gen.Constant("<IDS|MSG>"u8.ToArray()),
            Gen.Constant("{}"u8.ToArray()),
            Gen.Constant("{\"msg_id\":\"x\",\"msg_type\":\"execute_request\"}"u8.ToArray())).ArrayOf();

        await Parallel.ForEachAsync(Enumerable.Range(0, 120), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            var port = ports[i % ports.Length];
            SocketKind kind = i % ports.Length == 3 ? SocketKind.Req : SocketKind.Dealer;
            if (i % 2 == 0)
            {
                using Socket socket = await KernelClient.SocketAsync(kernel.Connection, port);
                var ready = ZmtpProtocol.Ready(kind, [(byte)i]);
                try
                {
                    await socket.SendAsync(
                        (byte[])[.. ZmtpProtocol.Greeting(), 4, (byte)ready.Length, .. ready, .. bytes.Sample(1, 200).Single()]);
                }
                catch (SocketException)
                {
                    // Closed in the face of what came first.
                }
            }
            else
            {
                await using ZmtpConnection connection = await KernelClient.OpenAsync(kernel.Connection, port, kind, [(byte)i]);
                foreach (var message in parts.Sample(20, 12).Where(m => m.Length > 0))
                    connection.Send([.. message.Select(part => (ReadOnlyMemory<byte>)part)]);
                await connection.CloseAsync(TimeSpan.FromSeconds(5));
            }
        });

        Assert.Equal("ok", (await client.AskAsync("kernel_info_request", [])).Text("status"));
        Assert.Equal("ok", (await client.AskAsync("kernel_info_request", [], client.Control)).Text("status"));
        Assert.Equal("ok", (await client.ExecuteAsync("1 + 1")).Reply.Text("status"));
    }

    [Fact]
    public async Task A_client_that_vanishes_amid_its_cell_leaves_the_kernel_to_others()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        KernelClient gone = await kernel.ConnectAsync();
        gone.Send("execute_request",
            KernelClient.Code("System.Threading.Thread.Sleep(300); Console.WriteLine(Console.ReadLine()); 5",
                new JsonObject { ["allow_stdin"] = true }));
        while ((await client.IoPubAsync()).Type != "execute_input")
        {
        }

        await gone.DisposeAsync();
        Assert.Equal("ok", (await client.ExecuteAsync("1")).Reply.Text("status"));

        // One that goes while it is being asked does not keep the kernel waiting for an answer either.
        gone = await kernel.ConnectAsync();
        gone.Send("execute_request", KernelClient.Code("Console.ReadLine()", new JsonObject { ["allow_stdin"] = true }));
        Assert.Equal("input_request", (await gone.ReceiveAsync(gone.Stdin)).Type);
        await gone.DisposeAsync();
        Assert.Equal("ok", (await client.ExecuteAsync("1")).Reply.Text("status"));
    }

    [Fact]
    public async Task A_client_that_floods_without_reading_does_not_keep_others_from_being_served()
    {
        var limits = new ZmtpLimits { OutboundBytes = 1 << 20, InboundMessages = 100, Stall = Stall };
        await using var kernel = new RunningKernel(limits: limits);
        await using KernelClient client = await kernel.ConnectAsync();
        await using KernelClient flood = await kernel.ConnectAsync();
        ReadOnlyMemory<byte>[] request = flood.Codec.Encode(
            [], "kernel_info_request", MessageHeader.None, new JsonObject { ["padding"] = new string('x', 2000) });
        for (var i = 0; i < 20_000; i++)
        {
            flood.Shell.Send(request);
            flood.Control.Send(request);
        }

        Assert.Equal("ok", (await client.AskAsync("kernel_info_request", [], client.Control)).Text("status"));
        Assert.Equal("ok", (await client.ExecuteAsync("1")).Reply.Text("status"));
    }

    [Fact]
    public async Task A_subscriber_that_reads_nothing_delays_output_once_and_loses_it_while_others_get_all()
    {
        var limits = new ZmtpLimits { OutboundBytes = 1 << 20, Stall = Stall };
        await using var kernel = new RunningKernel(limits: limits);
        await using ZmtpConnection stalled = await KernelClient.OpenAsync(kernel.Connection, kernel.Connection.IoPubPort, SocketKind.Sub,
            []);
        stalled.Send(new byte[] { 1 });
        await using KernelClient client = await kernel.ConnectAsync();
        var (reply, published) = await client.ExecuteAsync(
            "for (int i = 0; i < 60; i++) { Console.Write(new string('x', 500_000)); await Task.Delay(1); }");
        Assert.Equal("ok", reply.Text("status"));
        Assert.Equal(30_000_000, published.Where(m => m.Type == "stream").Sum(m => m.Text("text").Length));
        await kernel.WaitForLogAsync("does not read its messages");
    }

    [Fact]
    public async Task A_subscriber_that_reads_slowly_loses_nothing()
    {
        var limits = new ZmtpLimits { OutboundBytes = 100_000 };
        await using var kernel = new RunningKernel(limits: limits);
        await using ZmtpConnection slow = await KernelClient.OpenAsync(kernel.Connection, kernel.Connection.IoPubPort, SocketKind.Sub, []);
        slow.Send(new byte[] { 1 });
        await using KernelClient client = await kernel.ConnectAsync();
        Task<int> reading = Task.Run(async () =>
        {
            var length = 0;
            while (true)
            {
                JupyterMessage message = client.Codec.Decode((await slow.ReceiveAsync(CancellationToken.None))!, out _)!;
                if (message.Type == "stream")
                    length += message.Text("text").Length;
                else if (message.Type == "status" && message.Text("execution_state") == "idle")
                    return length;
                await Task.Delay(5);
            }
        });
        await client.ExecuteAsync("for (int i = 0; i < 100; i++) { Console.Write(new string('x', 100_000)); await Task.Delay(1); }");
        Assert.Equal(10_000_000, await reading.WaitAsync(KernelClient.Patience));
    }

    [Fact]
    public async Task Two_clients_of_the_same_identity_each_get_their_own_replies()
    {
        await using var kernel = new RunningKernel();
        var identity = Encoding.ASCII.GetBytes("same");
        await using KernelClient client = await kernel.ConnectAsync();
        await using ZmtpConnection first = await KernelClient.OpenAsync(kernel.Connection, kernel.Connection.ShellPort, SocketKind.Dealer,
            identity);
        await using ZmtpConnection second = await KernelClient.OpenAsync(kernel.Connection, kernel.Connection.ShellPort, SocketKind.Dealer,
            identity);
        var a = client.Send("kernel_info_request", [], first);
        var b = client.Send("kernel_info_request", [], second);
        Assert.Equal(b, KernelClient.Parent(await client.ReceiveAsync(second)));
        Assert.Equal(a, KernelClient.Parent(await client.ReceiveAsync(first)));
    }
}
