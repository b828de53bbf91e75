using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Kernel.Channels;
using Mezcla.Kernel.Comms;
using Mezcla.Kernel.History;
using Mezcla.Kernel.Messages;
using Mezcla.Notebooks;

namespace Mezcla.Kernel.Server;

/// <summary>Runs the cells that <c>execute_request</c> brings.</summary>
internal sealed class ExecuteHandler(
    CellEngine engine, IoPub ioPub, StdinRequests stdin, HistoryStore history, CommManager comms, CancellationToken stopping)
{
    private int _count;

    /// <summary>Called with the client's session when a cell failed whose request says that those behind it shall not run.</summary>
    public Action<string> AbortQueued { get; set; } = _ => { };

    public async Task HandleAsync(Request request)
    {
        JupyterMessage message = request.Message;
        var code = message.Text("code");
        var silent = message.Flag("silent", false);
        var store = message.Flag("store_history", !silent) && !silent;
        var blank = string.IsNullOrWhiteSpace(code);
        var started = DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture);

        // A blank cell has nothing to number: clients send one to have user_expressions evaluated.
        if (store && !blank)
            _count++;
        var count = Math.Max(1, _count);
        if (!silent)
            ioPub.ExecuteInput(message.Header, code, count);
        if (store && !blank)
            history.Add(count, code);

        ICellOutput output = silent ? NoOutput.Instance : new CellOutput(ioPub, stdin, request.From, message.Header);
        var options = new CellOptions
        {
            Number = count,
            Silent = silent,
            AllowInput = !silent && message.Flag("allow_stdin", true),
        };
        comms.Enter(message.Header);
        CellResult result = blank ? new CellResult() : await engine.RunAsync(code, output, options, stopping).ConfigureAwait(false);
        JsonObject reply;
        if (result.Error is { } error)
        {
            if (!silent)
                ioPub.Error(message.Header, error);
            reply = IoPub.ErrorContent(error);
            reply["status"] = "error";
            if (message.Flag("stop_on_error", true))
                AbortQueued(message.Header.Session);
        }
        else
        {
            if (!silent && result.Value is { } value)
            {
                ioPub.ExecuteResult(message.Header, value, count);
                if (store && value[MimeBundle.PlainText] is { } text)
                    history.SetOutput(count, text);
            }

            reply = new JsonObject { ["status"] = "ok", ["user_expressions"] = await EvaluateAsync(message, count).ConfigureAwait(false) };
        }

        reply["execution_count"] = count;
        reply["payload"] = new JsonArray();
        request.Reply(reply, new JsonObject
        {
            ["started"] = started,
            ["status"] = reply["status"]!.DeepClone(),
            ["dependencies_met"] = true,
        });
    }

    // Each expression is a cell of its own; only its value is used.
    private async Task<JsonObject> EvaluateAsync(JupyterMessage message, int count)
    {
        var values = new JsonObject();
        if (!message.Content.TryGetProperty("user_expressions", out JsonElement expressions)
            || expressions.ValueKind != JsonValueKind.Object)
            return values;
        foreach (JsonProperty expression in expressions.EnumerateObject())
        {
            var code = expression.Value.ValueKind == JsonValueKind.String ? expression.Value.GetString()! : expression.Value.GetRawText();
            var options = new CellOptions { Number = count, Name = $"Expression {expression.Name}", AllowInput = false };
            CellResult result = await engine.RunAsync(code, NoOutput.Instance, options, stopping).ConfigureAwait(false);
            if (result.Error is { } error)
            {
                JsonObject failed = IoPub.ErrorContent(error);
                failed["status"] = "error";
                values[expression.Name] = failed;
            }
            else
            {
                values[expression.Name] = new JsonObject
                {
                    ["status"] = "ok",
                    ["data"] = result.Value?.ToJson() ?? [],
                    ["metadata"] = result.Value?.Metadata.DeepClone() ?? new JsonObject(),
                };
            }
        }

        return values;
    }
}
