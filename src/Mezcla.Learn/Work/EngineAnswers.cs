using System.Text.Json.Nodes;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Running;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Learn.Work;

/// <summary>
/// Answers what a page asks the engine beside its cells: completions, documentation, and figures of the student's own text. Nothing of it
/// changes the notebook.
/// </summary>
/// <param name="runs">Runs the cells of the chapter.</param>
internal sealed class EngineAnswers(CellRuns runs)
{
    private const int MostCompletions = 300;
    private const string NotRun = "Run this cell first: the figure is then drawn by the model that your engine holds.";

    /// <summary>Answers a question of a page.</summary>
    /// <param name="message">The question, with its number under <c>id</c>.</param>
    /// <param name="type">Its kind: <c>complete</c>, <c>inspect</c> or <c>draw</c>.</param>
    /// <param name="tell">Sends the answer to that page. Its <c>found</c> is null if there is none.</param>
    public async Task Answer(JsonObject message, string type, Action<JsonObject> tell)
    {
        var engine = runs.Engine is { Ready.IsCompleted: true } ready ? ready : null;
        tell(new()
        {
            ["type"] = "answer",
            ["id"] = PageMessage.Number(message, "id"),
            ["found"] = type == "draw" ? await Draw(engine, message).ConfigureAwait(false)
                : engine is null ? null
                : type == "complete" ? await Complete(engine, message).ConfigureAwait(false)
                : await Inspect(engine, message).ConfigureAwait(false),
        });
    }

    private static async Task<JsonNode?> Complete(EngineProcess engine, JsonObject message)
    {
        var (code, cursor) = Place(message);
        var found = await engine.CompleteAsync(code, cursor).ConfigureAwait(false);
        return new JsonObject
        {
            ["start"] = found.Start,
            ["end"] = found.End,
            ["items"] = new JsonArray([.. found.Items.Take(MostCompletions).Select(i =>
                new JsonObject { ["text"] = i.Text, ["kind"] = i.Kind, ["signature"] = i.Signature })]),
        };
    }

    private static async Task<JsonNode?> Inspect(EngineProcess engine, JsonObject message)
    {
        var (code, cursor) = Place(message);
        return (await engine.InspectAsync(code, cursor).ConfigureAwait(false))?[MimeBundle.PlainText];
    }

    // The functions that draw stand in the engine's process, so a line of C# calls them there, as a cell would.
    private async Task<JsonNode?> Draw(EngineProcess? engine, JsonObject message)
    {
        if (engine is null)
            return new JsonObject { ["problem"] = NotRun };
        var function = $"global::{typeof(LiveFigure).FullName}.{nameof(LiveFigure.Answer)}";
        var code = $"{function}({Literal(message, "figure")}, {Literal(message, "text")})";
        var result = await runs.Run(engine, code, NoOutput.Instance, new() { Number = 0, AllowInput = false }).ConfigureAwait(false);
        return result.Error is { } error ? new JsonObject { ["problem"] = error.Message }
            : result.Value?[MimeBundle.PlainText] is { } html && html != "null" ? new JsonObject { ["html"] = html }
            : new JsonObject { ["problem"] = NotRun };
    }

    private static string Literal(JsonObject message, string name) =>
        SymbolDisplay.FormatLiteral(PageMessage.Text(message, name), quote: true);

    private static (string Code, int Cursor) Place(JsonObject message)
    {
        var code = PageMessage.Text(message, "code");
        return (code, Math.Clamp(PageMessage.Number(message, "cursor"), 0, code.Length));
    }
}
