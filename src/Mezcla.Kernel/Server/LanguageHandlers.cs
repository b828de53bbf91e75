using System.Text.Json.Nodes;
using Mezcla.Kernel.Messages;
using Mezcla.Notebooks;

namespace Mezcla.Kernel.Server;

/// <summary>Completion, inspection and whether code is complete: what the engine knows, in Jupyter's terms.</summary>
internal sealed class LanguageHandlers(CellEngine engine, CancellationToken stopping)
{
    public async Task CompleteAsync(Request request)
    {
        var code = request.Message.Text("code");
        var cursor = Cursor(request.Message, code);
        CompletionResult found = await engine.CompleteAsync(code, cursor, stopping).ConfigureAwait(false);
        var start = CodePoints.FromUtf16(code, found.Start);
        var end = CodePoints.FromUtf16(code, found.End);
        request.Reply(new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. found.Items.Select(i => (JsonNode)i.Text)]),
            ["cursor_start"] = start,
            ["cursor_end"] = end,
            ["metadata"] = new JsonObject
            {
                // What IPython calls this, and JupyterLab and VS Code read: icons and signatures in the list.
                ["_jupyter_types_experimental"] = new JsonArray([.. found.Items.Select(i => new JsonObject
                {
                    ["text"] = i.Text,
                    ["type"] = i.Kind,
                    ["signature"] = i.Signature,
                    ["start"] = start,
                    ["end"] = end,
                })]),
            },
        });
    }

    public async Task InspectAsync(Request request)
    {
        var code = request.Message.Text("code");
        var detail = request.Message.Number("detail_level") ?? 0;
        MimeBundle? found = await engine.InspectAsync(code, Cursor(request.Message, code), detail, stopping).ConfigureAwait(false);
        request.Reply(new JsonObject
        {
            ["status"] = "ok",
            ["found"] = found is not null,
            ["data"] = found?.ToJson() ?? [],
            ["metadata"] = found?.Metadata.DeepClone() ?? new JsonObject(),
        });
    }

    public Task IsCompleteAsync(Request request)
    {
        CompletenessResult result = engine.IsComplete(request.Message.Text("code"));
        var content = new JsonObject { ["status"] = result.Status.ToString().ToLowerInvariant() };
        if (result.Status == Completeness.Incomplete)
            content["indent"] = result.Indent;
        request.Reply(content);
        return Task.CompletedTask;
    }

    private static int Cursor(JupyterMessage message, string code) =>
        message.Number("cursor_pos") is { } position ? CodePoints.ToUtf16(code, position) : code.Length;
}
