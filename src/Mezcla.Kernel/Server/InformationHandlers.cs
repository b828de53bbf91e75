using System.Text.Json.Nodes;
using Mezcla.Kernel.Comms;
using Mezcla.Kernel.History;
using Mezcla.Kernel.Messages;

namespace Mezcla.Kernel.Server;

/// <summary>Requests that ask about the kernel itself; they are answered on shell
/// and on control, where they never wait for a cell.</summary>
internal sealed class InformationHandlers(ConnectionFile connection, KernelOptions options, HistoryStore history, CommManager comms)
{
    public Task KernelInfoAsync(Request request)
    {
        request.Reply(new JsonObject
        {
            ["status"] = "ok",
            ["protocol_version"] = MessageCodec.ProtocolVersion,
            ["implementation"] = options.Implementation,
            ["implementation_version"] = options.Version,
            ["language_info"] = new JsonObject
            {
                ["name"] = "C#",
                ["version"] = "14.0",
                ["mimetype"] = "text/x-csharp",
                ["file_extension"] = ".cs",
                ["pygments_lexer"] = "csharp",
                ["codemirror_mode"] = "text/x-csharp",
                ["nbconvert_exporter"] = "script",
            },
            ["banner"] = options.Banner,
            ["debugger"] = false,
            ["supported_features"] = new JsonArray(),
            ["help_links"] = new JsonArray(
                [.. options.HelpLinks.Select(link => new JsonObject { ["text"] = link.Key, ["url"] = link.Value })]),
        });
        return Task.CompletedTask;
    }

    public Task ConnectAsync(Request request)
    {
        request.Reply(new JsonObject
        {
            ["status"] = "ok",
            ["shell_port"] = connection.ShellPort,
            ["iopub_port"] = connection.IoPubPort,
            ["stdin_port"] = connection.StdinPort,
            ["control_port"] = connection.ControlPort,
            ["hb_port"] = connection.HeartbeatPort,
        });
        return Task.CompletedTask;
    }

    public Task CommInfoAsync(Request request)
    {
        request.Reply(comms.Info(request.Message.Text("target_name")));
        return Task.CompletedTask;
    }

    public Task HistoryAsync(Request request)
    {
        JupyterMessage m = request.Message;
        var access = m.Text("hist_access_type", "tail");
        IReadOnlyList<HistoryEntry>? found = access switch
        {
            "tail" => history.Tail(m.Number("n") ?? 10),
            "range" => history.Range(m.Number("session") ?? 0, m.Number("start") ?? 1, m.Number("stop")),
            "search" => history.Search(m.Text("pattern", "*"), m.Number("n"), m.Flag("unique", false)),
            _ => null,
        };
        if (found is null)
        {
            request.Reply(RequestLoop.Failure(
                "error", "UnknownAccess", $"hist_access_type is '{access}'; it can be tail, range or search."));
            return Task.CompletedTask;
        }

        var output = m.Flag("output", false);
        request.Reply(new JsonObject
        {
            ["status"] = "ok",
            ["history"] = new JsonArray([.. found.Select(e => new JsonArray(
                e.Session, e.Line, output ? new JsonArray(e.Input, e.Output) : (JsonNode)e.Input))]),
        });
        return Task.CompletedTask;
    }

    public Task DebugAsync(Request request)
    {
        // An answer in the Debug Adapter Protocol's form, which is what this message carries.
        request.Reply(new JsonObject
        {
            ["type"] = "response",
            ["request_seq"] = request.Message.Number("seq") ?? 0,
            ["seq"] = 0,
            ["success"] = false,
            ["command"] = request.Message.Text("command"),
            ["message"] = "This kernel has no debugger.",
        });
        return Task.CompletedTask;
    }
}
