using System.Text;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>
/// A Jupyter notebook, nbformat 4 (<see href="https://nbformat.readthedocs.io/en/latest/format_description.html"/>). It is written as
/// version 4.5 and byte for byte as Jupyter writes it, so saving a notebook here or in Jupyter gives the same file. Keys that this
/// library does not know are kept.
/// </summary>
public sealed class Notebook
{
    /// <summary>The cells, from top to bottom.</summary>
    public List<NotebookCell> Cells { get; } = [];

    /// <summary>Metadata of the notebook; <c>kernelspec</c> says which kernel runs it.</summary>
    public JsonObject Metadata { get; init; } = [];

    /// <summary>Keys that this version of the format does not define.</summary>
    internal JsonObject Extra { get; init; } = [];

    /// <summary>The minor version of the format to write: 5, or a newer one that was read.</summary>
    internal int Minor { get; init; } = 5;

    /// <summary>The first heading of the first Markdown cell that has one, or null.</summary>
    public string? Title => Cells.Where(c => c.Kind == CellKind.Markdown)
        .SelectMany(c => c.Source.Split('\n'))
        .Where(line => line.StartsWith('#') && line.TrimStart('#').StartsWith(' '))
        .Select(line => line.TrimStart('#').Trim())
        .FirstOrDefault();

    /// <summary>Makes an empty C# notebook.</summary>
    public static Notebook ForCSharp() => new()
    {
        Metadata = new JsonObject
        {
            ["kernelspec"] = new JsonObject { ["display_name"] = ".NET (C#)", ["language"] = "C#", ["name"] = ".net-csharp" },
            ["language_info"] = new JsonObject
            {
                ["file_extension"] = ".cs",
                ["mimetype"] = "text/x-csharp",
                ["name"] = "C#",
                ["pygments_lexer"] = "csharp",
                ["version"] = "14.0"
            },
        },
    };

    /// <summary>Whether a file of this name has no place for outputs: a <c>.dib</c>.</summary>
    /// <param name="path">The file.</param>
    public static bool HoldsNoOutputs(string path) => PolyglotFile.IsNamed(path);

    /// <summary>Reads a notebook file.</summary>
    /// <param name="path">The file: an <c>.ipynb</c>, or a <c>.dib</c>, the other format of Polyglot Notebooks.</param>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not UTF-8, or it is not a notebook of nbformat 4. The message says what is
    /// wrong and where.</exception>
    public static Notebook Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no notebook '{path}' (looked for '{Path.GetFullPath(path)}').", path);
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            return PolyglotFile.IsNamed(path) ? PolyglotFile.Parse(reader.ReadToEnd(), path) : Parse(reader.ReadToEnd(), path);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException(
                $"{path} is not UTF-8 text, as a notebook must be. If it is text, it is in another encoding: save it as UTF-8.", e);
        }
    }

    /// <summary>Reads a notebook from its text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="name">The notebook's name in error messages.</param>
    /// <exception cref="InvalidDataException">It is not a notebook of nbformat 4; the message says what is wrong and where.</exception>
    public static Notebook Parse(string json, string name = "the notebook") => NotebookReader.Parse(json, name);

    /// <summary>The notebook's text as Jupyter writes it: sorted keys, an indent
    /// of one space, and a line end after the last line.</summary>
    public string ToJson() => NotebookWriter.ToText(this);

    /// <summary>
    /// Removes the HTML of each output that also holds its picture as SVG or as a figure of Plotly, so that a saved notebook holds every
    /// picture once. The SVG is kept because GitHub and printed pages show no other form of it. Beside an SVG, HTML with a script is kept
    /// too: it does more than show the picture.
    /// </summary>
    public void KeepEachPictureOnce()
    {
        foreach (var cell in Cells)
        {
            for (var i = 0; i < cell.Outputs.Count; i++)
            {
                if (cell.Outputs[i] is DisplayOutput output && output.Bundle[MimeBundle.Html] is { } html
                    && (output.Bundle[MimeBundle.Plotly] is not null || (output.Bundle[MimeBundle.Svg] is not null
                        && !html.Contains("<script", StringComparison.OrdinalIgnoreCase))))
                {
                    var others = output.Bundle.Data.Where(form => form.Key != MimeBundle.Html);
                    cell.Outputs[i] = output with { Bundle = new MimeBundle(others, output.Bundle.Metadata) };
                }
            }
        }
    }

    /// <summary>Writes the notebook atomically: if writing fails, an existing file keeps its old content.</summary>
    /// <param name="path">The file. Its folder is created if it does not exist. A name that ends in <c>.dib</c> gives a file of that
    /// format, which holds no outputs.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="InvalidDataException">A cell cannot be written to a <c>.dib</c> file.</exception>
    public void Write(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            var text = PolyglotFile.IsNamed(path) ? PolyglotFile.ToText(this) : ToJson();
            File.WriteAllText(temporary, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
