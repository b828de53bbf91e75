using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>Reads nbformat 4. A file may come from anyone, so a missing key or a
/// value of the wrong type is reported with the number of its cell.</summary>
internal static class NotebookReader
{
    private static readonly string[] CellKeys = ["cell_type", "id", "source", "metadata", "outputs", "execution_count", "attachments"];
    private static readonly string[] NotebookKeys = ["cells", "metadata", "nbformat", "nbformat_minor"];
    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = 256 };

    public static Notebook Parse(string json, string name)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(json.TrimStart('\uFEFF'), documentOptions: Depth);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                $"{name} is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}. " +
                    $"{e.Message.Split(" Path:")[0].Split(" LineNumber:")[0]}", e);
        }
        try
        {
            return Read(root as JsonObject ?? throw new InvalidDataException("it is not a JSON object"));
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or InvalidOperationException or FormatException)
        {
            // JsonNode detects a duplicate key or a value of the wrong type only when that key or value is read.
            throw new InvalidDataException($"{name} is not a notebook of nbformat 4: {e.Message}", e);
        }
    }

    private static Notebook Read(JsonObject root)
    {
        if (root["nbformat"] is not JsonValue version)
            throw new InvalidDataException("it has no 'nbformat'");
        if (version.GetValue<int>() is var major && major != 4)
            throw new InvalidDataException(
                $"its nbformat is {major}. Open and save it in a current Jupyter, or run: jupyter nbconvert --to notebook --nbformat 4");
        var minor = root["nbformat_minor"] is JsonValue m ? m.GetValue<int>() : 0;
        var cells = root["cells"] as JsonArray ?? throw new InvalidDataException("it has no list 'cells'");
        var notebook = new Notebook
        {
            Metadata = WithKernel(Metadata(root["metadata"], "orig_nbformat", "orig_nbformat_minor", "signature")),
            Extra = Others(root, NotebookKeys),
            Minor = Math.Max(minor, 5)
        };
        var used = new HashSet<string>();
        for (var i = 0; i < cells.Count; i++)
        {
            try
            {
                var cell = Cell(cells[i] as JsonObject ?? throw new InvalidDataException("it is not a JSON object"));
                for (var salt = i; !used.Add(cell.Id); salt += 1000)
                    cell.Id = NotebookCell.MakeId(cell.Source, salt);
                notebook.Cells.Add(cell);
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentException or InvalidOperationException or FormatException)
            {
                throw new InvalidDataException($"cell {i + 1}: {e.Message}", e);
            }
        }
        return notebook;
    }

    private static NotebookCell Cell(JsonObject json)
    {
        var type = json["cell_type"]?.GetValue<string>();
        var isHeading = type == "heading";
        var kind = type switch
        {
            "code" => CellKind.Code,
            "markdown" => CellKind.Markdown,
            "raw" => CellKind.Raw,
            "heading" => CellKind.Markdown,
            var other => throw new InvalidDataException($"its cell_type is '{other}', not code, markdown or raw"),
        };
        var id = json["id"]?.GetValue<string>();
        var source = Text(json["source"], "source");
        if (isHeading)
        {
            // nbformat 3 had cells for headings; 4 has them in Markdown.
            var level = json["level"] is JsonValue given && given.TryGetValue(out int number) ? Math.Clamp(number, 1, 6) : 1;
            source = $"{new string('#', level)} {source.ReplaceLineEndings(" ").Trim()}";
        }

        var cell = new NotebookCell(kind, source, id is not null && NotebookCell.IsId(id) ? id : null)
        {
            Metadata = Metadata(json["metadata"], "trusted"),
            Attachments = json["attachments"] is JsonObject attachments ? (JsonObject)Rejoined(attachments) : null,
            Extra = Others(json, isHeading ? [.. CellKeys, "level"] : CellKeys),
            ExecutionCount = json["execution_count"]?.GetValue<int>(),
            Warning = kind == CellKind.Code ? Joined(json["source"]) : null,
        };
        if (kind == CellKind.Code && json["outputs"] is JsonArray outputs)
            cell.Outputs.AddRange(
                outputs.Select(o => Output(o as JsonObject ?? throw new InvalidDataException("an output is not a JSON object"))));
        return cell;
    }

    private static NotebookOutput Output(JsonObject json) => json["output_type"]?.GetValue<string>() switch
    {
        "stream" => new StreamOutput(json["name"]?.GetValue<string>() == "stderr" ? OutputStream.Error : OutputStream.Out,
            Text(json["text"], "text")),
        "display_data" => new DisplayOutput(Bundle(json)),
        "execute_result" => new DisplayOutput(Bundle(json), json["execution_count"]?.GetValue<int>(), IsResult: true),
        "error" => new ErrorOutput(json["ename"]?.GetValue<string>() ?? "", json["evalue"]?.GetValue<string>() ?? "",
            [.. (json["traceback"] as JsonArray ?? []).Select(l => l?.GetValue<string>() ?? "")]),
        _ => new UnknownOutput((JsonObject)json.DeepClone()),
    };

    private static MimeBundle Bundle(JsonObject json) =>
        MimeBundle.FromJson(json["data"] as JsonObject ?? throw new InvalidDataException("an output has no 'data'"),
            (JsonObject?)(json["metadata"] as JsonObject)?.DeepClone());

    private static string Text(JsonNode? node, string key) => node switch
    {
        JsonArray lines => string.Concat(lines.Select(l => l?.GetValue<string>())),
        JsonValue value => value.GetValue<string>(),
        _ => throw new InvalidDataException($"it has no '{key}'"),
    };

    /// <summary>
    /// Returns a warning if the source is a list of lines that do not end in line ends. Some programs write it so, but the format
    /// requires the line ends.
    /// </summary>
    private static string? Joined(JsonNode? source) => source is JsonArray { Count: > 1 } lines
        && lines.SkipLast(1).All(line => line?.GetValue<string>().EndsWith('\n') == false)
        ? $"Warning: the {lines.Count} lines of this cell have no line ends in the file, so they are one line. " +
            "If a comment hides the rest of it, add \"\\n\" to each line of its source."
        : null;

    private static JsonObject Metadata(JsonNode? node, params ReadOnlySpan<string> transient)
    {
        var metadata = node is JsonObject json ? (JsonObject)json.DeepClone() : [];
        foreach (var key in transient)
            metadata.Remove(key);
        return metadata;
    }

    /// <summary>Completes a kernelspec that lacks its <c>name</c> or <c>display_name</c>; the format requires both.</summary>
    private static JsonObject WithKernel(JsonObject metadata)
    {
        if (!metadata.ContainsKey("kernelspec"))
            return metadata;
        var known = Notebook.ForCSharp().Metadata["kernelspec"]!.AsObject();
        if (metadata["kernelspec"] is not JsonObject kernel)
            metadata["kernelspec"] = kernel = [];
        foreach (var key in (string[])["display_name", "name"])
        {
            if (kernel[key] is not JsonValue value || !value.TryGetValue(out string? text) || text.Length == 0)
                kernel[key] = known[key]!.DeepClone();
        }
        return metadata;
    }

    /// <summary>Attachments hold MIME bundles whose texts may be lists of lines.</summary>
    private static JsonNode Rejoined(JsonObject attachments)
    {
        var joined = (JsonObject)attachments.DeepClone();
        foreach (var bundle in joined.Select(a => a.Value).OfType<JsonObject>())
        {
            foreach (var (mime, value) in bundle.ToArray())
            {
                if (value is JsonArray lines && !MimeBundle.IsJson(mime))
                    bundle[mime] = string.Concat(lines.Select(l => l?.GetValue<string>()));
            }
        }
        return joined;
    }

    private static JsonObject Others(JsonObject json, string[] known)
    {
        var others = new JsonObject();
        foreach (var (key, value) in json.Where(p => !known.Contains(p.Key)))
            others[key] = value?.DeepClone();
        return others;
    }
}
