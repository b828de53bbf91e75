using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive.Documents;

namespace Mezcla.Notebooks.Documents;

/// <summary>
/// Reads and writes <c>.dib</c>, the other file format of Polyglot Notebooks: the cells' texts, each below a directive with its language.
/// It holds no outputs, no tags and no attachments.
/// </summary>
internal static class PolyglotFile
{
    /// <summary>The extension of such files.</summary>
    public const string Extension = ".dib";

    private const string CSharp = "csharp", Markdown = "markdown", Raw = "raw", KernelInfo = "kernelInfo";

    /// <summary>Whether a path names such a file.</summary>
    public static bool IsNamed(string path) => Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a notebook from its text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The notebook's name in error messages.</param>
    /// <exception cref="InvalidDataException">The text below <c>#!meta</c>, which lists the kernels, is not JSON.</exception>
    public static Notebook Parse(string text, string name)
    {
        var notebook = Notebook.ForCSharp();
        foreach (var element in Elements(text, name))
        {
            notebook.Cells.Add(element.KernelName switch
            {
                Markdown => new NotebookCell(CellKind.Markdown, element.Contents),
                Raw => new NotebookCell(CellKind.Raw, element.Contents),
                CSharp or null => new NotebookCell(CellKind.Code, element.Contents),
                var other => new NotebookCell(CellKind.Code, element.Contents)
                {
                    Metadata = new JsonObject { ["polyglot_notebook"] = new JsonObject { ["kernelName"] = other } },
                },
            });
        }

        // Equal cells would have equal ids.
        return NotebookReader.Parse(notebook.ToJson(), name);
    }

    /// <summary>The text of a notebook.</summary>
    /// <exception cref="InvalidDataException">A line of a cell would begin another cell in this format.</exception>
    public static string ToText(Notebook notebook)
    {
        var cells = notebook.Cells.Where(cell => cell.Source.Trim().Length > 0).ToList();
        var kernels = Kernels(cells.Select(KernelOf));
        var elements = cells.Select(cell => new InteractiveDocumentElement(cell.Source.Trim('\n'), KernelOf(cell)));
        var document = new InteractiveDocument([.. elements]);
        document.Metadata[KernelInfo] = kernels;
        var text = document.ToCodeSubmissionContent("\n");
        var read = Elements(text, "the notebook");
        for (var i = 0; i < cells.Count; i++)
        {
            if (i >= read.Count || read[i].Contents.Trim() != cells[i].Source.Trim() || read[i].KernelName != KernelOf(cells[i]))
                throw new InvalidDataException($"cell {i + 1} cannot be written to a {Extension} file: one of its lines names a language, "
                    + "as #!csharp does, and would begin another cell. Split the cell there.");
        }

        return text;
    }

    private static List<InteractiveDocumentElement> Elements(string text, string name)
    {
        try
        {
            return [.. CodeSubmission.Parse(text, Kernels([])).Elements.Where(element => element.Contents.Trim().Length > 0)];
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{name}: the text below #!meta is not JSON: {exception.Message}", exception);
        }
    }

    private static string KernelOf(NotebookCell cell) => cell.Kind switch
    {
        CellKind.Markdown => Markdown,
        CellKind.Raw => Raw,
        _ => cell.Language is { } language && CellLanguages.OfCell(language) != CellLanguages.CSharp ? language : CSharp,
    };

    private static KernelInfoCollection Kernels(IEnumerable<string> used)
    {
        var kernels = new KernelInfoCollection { DefaultKernelName = CSharp };
        kernels.Add(new(CSharp, "C#", ["c#", "C#"]));
        kernels.Add(new("fsharp", "F#", ["f#", "F#"]));
        kernels.Add(new("pwsh", "PowerShell", ["powershell"]));
        kernels.Add(new("javascript", "JavaScript", ["js"]));
        kernels.Add(new(Markdown, "Markdown", ["md"]));
        string[] others = ["html", "http", "kql", "mermaid", Raw, "sql", "value"];
        foreach (var name in others.Concat(used).Where(name => !kernels.Contains(name)).Distinct().ToList())
            kernels.Add(new(name, null, []));
        return kernels;
    }
}
