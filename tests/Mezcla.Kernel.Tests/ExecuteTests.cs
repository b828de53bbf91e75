using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Kernel.Tests.Client;

namespace Mezcla.Kernel.Tests;

public class ExecuteTests
{
    private static string[] Types(IEnumerable<JupyterMessage> messages) =>
        [.. messages.Select(m => m.Type == "status" ? m.Text("execution_state") : m.Type)];

    [Fact]
    public async Task Busy_input_output_result_and_idle_come_in_this_order()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        var (reply, published) = await client.ExecuteAsync("Console.Write(\"hola\"); Console.Error.Write(\"eco\"); 6 * 7");
        Assert.Equal(["busy", "execute_input", "stream", "stream", "execute_result", "idle"], Types(published));
        Assert.Equal(("stdout", "hola"), (published[2].Text("name"), published[2].Text("text")));
        Assert.Equal(("stderr", "eco"), (published[3].Text("name"), published[3].Text("text")));
        Assert.Equal("42", published[4].Content.GetProperty("data").GetProperty("text/plain").GetString());
        Assert.Equal(1, published[4].Number("execution_count"));
        Assert.Equal("ok", reply.Text("status"));
        Assert.Equal(1, reply.Number("execution_count"));
    }

    [Fact]
    public async Task Counts_go_up_except_for_requests_that_are_silent_or_store_nothing()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        Assert.Equal(1, (await client.ExecuteAsync("var a = 1;")).Reply.Number("execution_count"));
        Assert.Equal(1, (await client.ExecuteAsync("a++;", new JsonObject { ["store_history"] = false })).Reply.Number("execution_count"));
        Assert.Equal(1, (await client.ExecuteAsync("a++;", new JsonObject { ["silent"] = true })).Reply.Number("execution_count"));
        Assert.Equal(1, (await client.ExecuteAsync("  \n ")).Reply.Number("execution_count"));
        var (reply, published) = await client.ExecuteAsync("a");
        Assert.Equal(2, reply.Number("execution_count"));
        Assert.Equal("3", published[2].Content.GetProperty("data").GetProperty("text/plain").GetString());
    }

    [Fact]
    public async Task A_silent_request_publishes_its_status_and_nothing_else()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        var silent = new JsonObject { ["silent"] = true };
        Assert.Equal(["busy", "idle"], Types((await client.ExecuteAsync("Console.Write(1); 2", silent)).Published));
        var (reply, published) = await client.ExecuteAsync("throw new Exception(\"x\");", silent);
        Assert.Equal(["busy", "idle"], Types(published));
        Assert.Equal("error", reply.Text("status"));
    }

    [Fact]
    public async Task An_error_says_the_same_on_iopub_and_in_the_reply()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        var (reply, published) = await client.ExecuteAsync("var before = 5;\nthrow new InvalidOperationException(\"so it goes\");");
        Assert.Equal(["busy", "execute_input", "error", "idle"], Types(published));
        foreach (JupyterMessage message in new[] { reply, published[2] })
        {
            Assert.Contains("InvalidOperationException", message.Text("ename"));
            Assert.Equal("so it goes", message.Text("evalue"));
            Assert.NotEqual(0, message.Content.GetProperty("traceback").GetArrayLength());
        }

        Assert.Equal("error", reply.Text("status"));
        Assert.Equal("5", Value(await client.ExecuteAsync("before")));
    }

    [Fact]
    public async Task After_an_error_queued_cells_are_aborted_once_idle_was_said_and_later_ones_run()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        await client.ExecuteAsync("var ran = 0;");
        var failing = client.Send("execute_request", KernelClient.Code(kernel.AfterMessages(3) + "throw new Exception();"));
        var queued = client.Send("execute_request", KernelClient.Code("ran++;"));
        var asked = client.Send("kernel_info_request", []);
        Assert.Equal("error", (await client.ReceiveAsync(client.Shell)).Text("status"));
        JupyterMessage aborted = await client.ReceiveAsync(client.Shell);
        Assert.Equal((queued, "aborted"), (KernelClient.Parent(aborted), aborted.Text("status")));
        Assert.Equal((asked, "ok"),
            await client.ReceiveAsync(client.Shell) is var info ? (KernelClient.Parent(info), info.Text("status")) : default);

        List<JupyterMessage> seen = [.. await client.PublishedAsync(failing), .. await client.PublishedAsync(queued)];
        Assert.Equal(["busy", "execute_input", "error", "idle", "busy", "idle"], Types(seen));
        Assert.Equal("0", Value(await client.ExecuteAsync("ran")));
    }

    [Fact]
    public async Task Without_stop_on_error_queued_cells_run()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        client.Send("execute_request",
            KernelClient.Code(kernel.AfterMessages(2) + "throw new Exception();", new JsonObject { ["stop_on_error"] = false }));
        client.Send("execute_request", KernelClient.Code("1"));
        Assert.Equal("error", (await client.ReceiveAsync(client.Shell)).Text("status"));
        Assert.Equal("ok", (await client.ReceiveAsync(client.Shell)).Text("status"));
    }

    [Fact]
    public async Task User_expressions_are_evaluated_after_the_cell_each_for_itself()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        var expressions = new JsonObject { ["good"] = "x + 1", ["bad"] = "nowhere" };
        var (reply, published) = await client.ExecuteAsync("var x = 20;", new JsonObject { ["user_expressions"] = expressions });
        Assert.Equal(["busy", "execute_input", "idle"], Types(published));
        var values = reply.Content.GetProperty("user_expressions");
        Assert.Equal("21", values.GetProperty("good").GetProperty("data").GetProperty("text/plain").GetString());
        Assert.Equal("error", values.GetProperty("bad").GetProperty("status").GetString());
        Assert.Contains("nowhere", values.GetProperty("bad").GetProperty("evalue").GetString());
    }

    [Fact]
    public async Task Output_of_a_background_task_belongs_to_the_cell_that_started_it()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        var first = client.Send("execute_request", KernelClient.Code(
            "var gate = new TaskCompletionSource(); var t = Task.Run(async () => { await gate.Task; Console.Write(\"late\"); });"));
        await client.ReceiveAsync(client.Shell);
        await client.PublishedAsync(first);
        var second = client.Send("execute_request", KernelClient.Code("gate.SetResult(); await t;"));
        while (true)
        {
            JupyterMessage message = await client.IoPubAsync();
            if (message.Type != "stream")
                continue;
            Assert.Equal((first, "late"), (KernelClient.Parent(message), message.Text("text")));
            break;
        }

        await client.PublishedAsync(second);
    }

    [Fact]
    public async Task ReadLine_asks_the_client_that_sent_the_cell()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient other = await kernel.ConnectAsync();
        await using KernelClient client = await kernel.ConnectAsync();
        await using KernelClient third = await kernel.ConnectAsync();
        var id = client.Send("execute_request", KernelClient.Code("Console.ReadLine()", new JsonObject { ["allow_stdin"] = true }));
        JupyterMessage question = await client.ReceiveAsync(client.Stdin);
        Assert.Equal(("input_request", id), (question.Type, KernelClient.Parent(question)));
        Assert.False(question.Flag("password", true));
        third.Send("input_reply", new JsonObject { ["value"] = "not asked" }, third.Stdin);
        client.Send("input_reply", new JsonObject { ["value"] = "añil 😀" }, client.Stdin);
        JupyterMessage reply = await client.ReceiveAsync(client.Shell);
        Assert.Equal("ok", reply.Text("status"));
        Assert.Contains("añil 😀", Value((reply, await client.PublishedAsync(id))));
    }

    [Fact]
    public async Task ReadLine_fails_with_a_reason_where_the_client_allows_no_input()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        Assert.Contains("input", (await client.ExecuteAsync("Console.ReadLine()")).Reply.Text("evalue"));
    }

    [Fact]
    public async Task Display_update_and_clear_name_what_they_change()
    {
        await using var kernel = new RunningKernel();
        await using KernelClient client = await kernel.ConnectAsync();
        var (_, published) = await client.ExecuteAsync("var h = display(\"one\"); h.Update(\"two\");");
        Assert.Equal(["busy", "execute_input", "display_data", "update_display_data", "idle"], Types(published));
        var id = published[2].Content.GetProperty("transient").GetProperty("display_id").GetString()!;
        Assert.NotEqual("", id);
        Assert.Equal(id, published[3].Content.GetProperty("transient").GetProperty("display_id").GetString());
        Assert.Contains("two", published[3].Content.GetProperty("data").GetProperty("text/plain").GetString());

        (_, published) = await client.ExecuteAsync("display(1); ClearOutput(wait: true); display(2);");
        Assert.Equal(["busy", "execute_input", "display_data", "clear_output", "display_data", "idle"], Types(published));
        Assert.True(published[3].Content.GetProperty("wait").GetBoolean());
    }

    private static string Value((JupyterMessage Reply, List<JupyterMessage> Published) run) =>
        run.Published.Single(m => m.Type == "execute_result").Content.GetProperty("data").GetProperty("text/plain").GetString()!;
}
