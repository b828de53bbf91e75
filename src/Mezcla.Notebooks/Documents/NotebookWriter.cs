using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>Writes nbformat 4.5, with long texts as lists of lines where Jupyter's own writer does so.</summary>
internal static class NotebookWriter
{
    public static string ToText(Notebook notebook)
    {
        var root = (JsonObject)notebook.Extra.DeepClone();
        root["cells"] = new JsonArray([.. notebook.Cells.Select(Cell)]);
        root["metadata"] = notebook.Metadata.DeepClone();
        root["nbformat"] = 4;
        root["nbformat_minor"] = notebook.Minor;
        return PythonJson.Write(root) + "\n";
    }

    private static JsonNode Cell(NotebookCell cell)
    {
        var json = (JsonObject)cell.Extra.DeepClone();
        json["cell_type"] = cell.Kind.ToString().ToLowerInvariant();
        json["id"] = cell.Id;
        json["metadata"] = cell.Metadata.DeepClone();
        json["source"] = Lines(cell.Source);
        if (cell.Attachments is { } attachments)
        {
            json["attachments"] = attachments.DeepClone();
            foreach (var bundle in json["attachments"]!.AsObject().Select(a => a.Value).OfType<JsonObject>())
                SplitTexts(bundle);
        }
        if (cell.Kind != CellKind.Code)
            return json;
        json["execution_count"] = cell.ExecutionCount;
        json["outputs"] = new JsonArray([.. cell.Outputs.Select(Output)]);
        return json;
    }

    private static JsonNode Output(NotebookOutput output) => output switch
    {
        StreamOutput stream => new JsonObject
        {
            ["output_type"] = "stream",
            ["name"] = stream.Stream == OutputStream.Error ? "stderr" : "stdout",
            ["text"] = Lines(stream.Text)
        },
        DisplayOutput { IsResult: true } result => new JsonObject
        {
            ["output_type"] = "execute_result",
            ["data"] = Data(result.Bundle),
            ["metadata"] = result.Bundle.Metadata.DeepClone(),
            ["execution_count"] = result.ExecutionCount
        },
        DisplayOutput display => new JsonObject
        {
            ["output_type"] = "display_data",
            ["data"] = Data(display.Bundle),
            ["metadata"] = display.Bundle.Metadata.DeepClone()
        },
        ErrorOutput error => new JsonObject
        {
            ["output_type"] = "error",
            ["ename"] = error.Name,
            ["evalue"] = error.Message,
            ["traceback"] = new JsonArray([.. error.Traceback.Select(l => (JsonNode)l)])
        },
        UnknownOutput unknown => unknown.Json.DeepClone(),
        _ => throw new InvalidOperationException($"An output of type {output.GetType()} cannot be written."),
    };

    private static JsonObject Data(MimeBundle bundle)
    {
        var data = bundle.ToJson();
        SplitTexts(data);
        return data;
    }

    private static void SplitTexts(JsonObject bundle)
    {
        foreach (var (mime, value) in bundle.ToArray())
        {
            if ((mime.StartsWith("text/", StringComparison.Ordinal) || mime is MimeBundle.JavaScript or MimeBundle.Svg)
                && value is JsonValue text && text.TryGetValue(out string? s))
                bundle[mime] = Lines(s);
        }
    }

    private static JsonArray Lines(string text) => new([.. PythonJson.SplitLines(text).Select(l => (JsonNode)l)]);
}
