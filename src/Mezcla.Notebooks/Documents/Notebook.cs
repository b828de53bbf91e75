using System.Text;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>
/// A Jupyter notebook, nbformat 4 (<see href="https://nbformat.readthedocs.io/en/latest/format_description.html"/>). Written as version
/// 4.5, byte for byte as Jupyter writes it, so that a notebook saved here and one saved
/// there do not differ; what this library does not know is kept.
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

    /// <summary>A notebook of C# without cells.</summary>
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

    /// <summary>Reads a notebook file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is not UTF-8, or no notebook of
    /// nbformat 4; the message says what is wrong and where.</exception>
    public static Notebook Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no notebook '{path}' (looked for '{Path.GetFullPath(path)}').", path);
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            return Parse(reader.ReadToEnd(), path);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException(
                $"{path} is not UTF-8 text, as a notebook must be. If it is text, it is in another encoding: save it as UTF-8.", e);
        }
    }

    /// <summary>Reads a notebook from its text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="name">What errors call it.</param>
    /// <exception cref="InvalidDataException">It is not a notebook of nbformat 4; the message says what is wrong and where.</exception>
    public static Notebook Parse(string json, string name = "the notebook") => NotebookReader.Parse(json, name);

    /// <summary>The notebook's text as Jupyter writes it: keys in order, an indent of one space, a line end at the end.</summary>
    public string ToJson() => NotebookWriter.ToText(this);

    /// <summary>Writes the notebook, whole or not at all: a file that was there stays as it was if this fails.</summary>
    /// <param name="path">The file; its folder is made if it is not there.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            File.WriteAllText(temporary, ToJson(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
