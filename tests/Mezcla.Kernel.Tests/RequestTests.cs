using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Server;
using Mezcla.Kernel.Tests.Client;

namespace Mezcla.Kernel.Tests;

public class RequestTests
{
    [Fact]
    public async Task Kernel_info_says_what_front_ends_need()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        JupyterMessage reply = await client.AskAsync("kernel_info_request", []);
        JsonElement language = reply.Content.GetProperty("language_info");
        Assert.Equal("C#", language.GetProperty("name").GetString());
        Assert.Equal(".cs", language.GetProperty("file_extension").GetString());
        Assert.Equal("text/x-csharp", language.GetProperty("mimetype").GetString());
        Assert.StartsWith("5.", reply.Text("protocol_version"));
    }

    [Fact]
    public async Task Completion_counts_the_cursor_in_code_points()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        const string Code = "var 𝒳 = \"😀😀\"; Console.Wri";
        var cursor = CodePoints.FromUtf16(Code, Code.Length);
        JupyterMessage reply = await client.AskAsync("complete_request", new JsonObject { ["code"] = Code, ["cursor_pos"] = cursor });
        Assert.Equal("ok", reply.Text("status"));
        Assert.Contains("WriteLine", reply.Content.GetProperty("matches").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal((cursor - 3, cursor), (reply.Number("cursor_start"), reply.Number("cursor_end")));
    }

    [Fact]
    public async Task Inspection_describes_the_name_at_the_cursor_or_says_it_found_none()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        JupyterMessage found = await client.AskAsync("inspect_request",
            new JsonObject { ["code"] = "Console.WriteLine(1)", ["cursor_pos"] = 12 });
        Assert.True(found.Flag("found", false));
        Assert.Contains("WriteLine", found.Content.GetProperty("data").GetProperty("text/plain").GetString());
        JupyterMessage none = await client.AskAsync("inspect_request", new JsonObject { ["code"] = "  ", ["cursor_pos"] = 1 });
        Assert.Equal(("ok", false), (none.Text("status"), none.Flag("found", true)));
    }

    [Theory]
    [InlineData("1 + 1", "complete")]
    [InlineData("if (true) {", "incomplete")]
    [InlineData("var x = };", "invalid")]
    public async Task Is_complete_knows(string code, string status)
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        JupyterMessage reply = await client.AskAsync("is_complete_request", new JsonObject { ["code"] = code });
        Assert.Equal(status, reply.Text("status"));
        Assert.Equal(status == "incomplete", reply.Content.TryGetProperty("indent", out _));
    }

    [Fact]
    public async Task History_is_kept_over_sessions()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("mezcla").FullName, "deeper", "history.jsonl");
        try
        {
            await using (var kernel = new RunningKernel(history: path))
            {
                await using KernelClient client = await kernel.ConnectAsync();
                await client.ExecuteAsync("var first = 1;");
                await client.ExecuteAsync("var unstored = 1;", new JsonObject { ["store_history"] = false });
                await client.ExecuteAsync("first + 1");
            }

            await using (var kernel = new RunningKernel(history: path))
            {
                await using KernelClient client = await kernel.ConnectAsync();
                await client.ExecuteAsync("2 + 2");
                Assert.Equal(
                    "[[1,2,\"first + 1\"],[2,1,\"2 + 2\"]]",
                    await History(client, new JsonObject { ["hist_access_type"] = "tail", ["n"] = 2 }));
                Assert.Equal(
                    "[[1,1,\"var first = 1;\"]]",
                    await History(client,
                        new JsonObject { ["hist_access_type"] = "range", ["session"] = -1, ["start"] = 1, ["stop"] = 2 }));
                Assert.Equal(
                    "[[1,1,\"var first = 1;\"],[1,2,\"first + 1\"]]",
                    await History(client, new JsonObject { ["hist_access_type"] = "search", ["pattern"] = "*first*", ["n"] = 5 }));
                Assert.Equal(
                    "[[2,1,[\"2 + 2\",\"4\"]]]",
                    await History(client, new JsonObject { ["hist_access_type"] = "range", ["session"] = 0, ["output"] = true }));
                Assert.Equal("error",
                    (await client.AskAsync("history_request", new JsonObject { ["hist_access_type"] = "guess" })).Text("status"));
            }
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(path))!, recursive: true);
        }
    }

    [Fact]
    public async Task Comms_open_answer_and_close_from_both_sides()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        kernel.Kernel.Comms.RegisterTarget("echo", (comm, opening) =>
        {
            comm.Received += m => comm.Send(m.Data, buffers: m.Buffers);
            comm.Closed += _ => kernel.Kernel.Comms.Open("bye");
        });
        var open = client.Send("comm_open",
            new JsonObject { ["comm_id"] = "comm one", ["target_name"] = "echo", ["data"] = new JsonObject() });
        await client.PublishedAsync(open);
        Assert.Contains("comm one", (await client.AskAsync("comm_info_request", [])).Content.GetProperty("comms").GetRawText());

        var sent = client.Send(
            "comm_msg", new JsonObject { ["comm_id"] = "comm one", ["data"] = new JsonObject { ["x"] = 1 } },
            buffers: [new byte[] { 9, 8 }]);
        JupyterMessage echo = (await client.PublishedAsync(sent)).Single(m => m.Type == "comm_msg");
        Assert.Equal("{\"x\":1}", echo.Content.GetProperty("data").GetRawText());
        Assert.Equal([9, 8], echo.Buffers.Single().ToArray());

        var close = client.Send("comm_close", new JsonObject { ["comm_id"] = "comm one", ["data"] = new JsonObject() });
        Assert.Equal("bye", (await client.PublishedAsync(close)).Single(m => m.Type == "comm_open").Text("target_name"));
        Assert.DoesNotContain("comm one", (await client.AskAsync("comm_info_request", [])).Content.GetProperty("comms").GetRawText());
    }

    [Fact]
    public async Task A_comm_to_an_unknown_target_is_closed_and_a_failing_handler_is_shown()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        var open = client.Send("comm_open", new JsonObject { ["comm_id"] = "comm two", ["target_name"] = "nobody" });
        Assert.Equal("comm two", (await client.PublishedAsync(open)).Single(m => m.Type == "comm_close").Text("comm_id"));

        kernel.Kernel.Comms.RegisterTarget("bad", (_, _) => throw new InvalidOperationException("not today"));
        var bad = client.Send("comm_open", new JsonObject { ["comm_id"] = "comm three", ["target_name"] = "bad" });
        Assert.Contains("not today", (await client.PublishedAsync(bad)).Single(m => m.Type == "stream").Text("text"));
    }

    [Fact]
    public async Task A_connection_over_unix_sockets_works()
    {
        if (!System.Net.Sockets.Socket.OSSupportsUnixDomainSockets)
            Assert.Skip("No Unix domain sockets here.");
        var folder = Directory.CreateTempSubdirectory("mz").FullName;
        try
        {
            ConnectionFile connection = ConnectionFile.Create() with
            {
                Transport = "ipc",
                Ip = Path.Combine(folder, "k"),
                ShellPort = 1,
                IoPubPort = 2,
                StdinPort = 3,
                ControlPort = 4,
                HeartbeatPort = 5,
            };
            await using (var kernel = new RunningKernel(connection))
            {
                await using KernelClient client = await kernel.ConnectAsync();
                Assert.Equal("ok", (await client.ExecuteAsync("1")).Reply.Text("status"));
            }

            Assert.Empty(Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> History(KernelClient client, JsonObject content) =>
        (await client.AskAsync("history_request", content)).Content.GetProperty("history").GetRawText();
}
