using System.Text.Json.Nodes;

namespace Mezcla.Learn.Work;

/// <summary>Reads what a page sends. A page may send anything: what is missing or of another kind is empty.</summary>
internal static class PageMessage
{
    public static string Text(JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    public static int Number(JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out int number) ? number : 0;
}
