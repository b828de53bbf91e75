using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Tests.Client;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Tests;

public class ControlTests
{
    [Theory]
    [InlineData("while (true) { }")]
    [InlineData("System.Threading.Thread.Sleep(-1);")]
    [InlineData("await Task.Delay(-1);")]
    public async Task Interrupt_on_control_stops_a_cell_and_keeps_variables(string body)
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        await client.ExecuteAsync("var kept = 11;");
        var id = client.Send("execute_request", KernelClient.Code("kept = 12;\nConsole.WriteLine(\"begun\");\n" + body));
        while ((await client.IoPubAsync()).Type != "stream")
        {
        }

        Assert.Equal("ok", (await client.AskAsync("interrupt_request", [], client.Control)).Text("status"));
        Assert.Equal("error", (await client.ReceiveAsync(client.Shell)).Text("status"));
        Assert.Contains(await client.PublishedAsync(id), m => m.Type == "error");
        var (_, published) = await client.ExecuteAsync("kept");
        Assert.Equal("12", published[2].Content.GetProperty("data").GetProperty("text/plain").GetString());
    }

    [Fact]
    public async Task Control_and_heartbeat_answer_while_a_cell_runs()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        client.Send("execute_request", KernelClient.Code("System.Threading.Thread.Sleep(60_000);"));
        while ((await client.IoPubAsync()).Type != "execute_input")
        {
        }

        Assert.Equal("5.5", (await client.AskAsync("kernel_info_request", [], client.Control)).Text("protocol_version"));
        await using ZmtpConnection heart = await KernelClient.OpenAsync(kernel.Connection, kernel.Connection.HeartbeatPort, SocketKind.Req,
            []);
        heart.Send(ReadOnlyMemory<byte>.Empty, "ping"u8.ToArray());
        ReadOnlyMemory<byte>[]? answer = await heart.ReceiveAsync(CancellationToken.None);
        Assert.Equal("ping"u8, answer![1].Span);
        await client.AskAsync("interrupt_request", [], client.Control);
        Assert.Equal("error", (await client.ReceiveAsync(client.Shell)).Text("status"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Shutdown_is_answered_to_the_asker_told_to_all_and_ends_the_kernel(bool restart)
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        await using KernelClient other = await kernel.ConnectAsync();
        client.Send("execute_request", KernelClient.Code("System.Threading.Thread.Sleep(60_000);"));
        while ((await client.IoPubAsync()).Type != "execute_input")
        {
        }

        JupyterMessage reply = await client.AskAsync("shutdown_request", new JsonObject { ["restart"] = restart }, client.Control);
        Assert.Equal((restart, "ok"), (reply.Flag("restart", !restart), reply.Text("status")));
        JupyterMessage told;
        do
            told = await other.IoPubAsync();
        while (told.Type != "shutdown_reply");
        Assert.Equal(restart, told.Flag("restart", !restart));
        Assert.Equal(restart, await kernel.Ended.WaitAsync(KernelClient.Patience));
    }

    [Fact]
    public async Task A_debug_request_is_answered_as_unsupported()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        JupyterMessage reply = await client.AskAsync(
            "debug_request", new JsonObject { ["type"] = "request", ["seq"] = 7, ["command"] = "initialize" }, client.Control);
        Assert.Equal(("debug_reply", false, 7), (reply.Type, reply.Flag("success", true), reply.Number("request_seq")));
    }
}
