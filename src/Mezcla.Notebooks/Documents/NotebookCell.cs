using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>What a cell holds.</summary>
public enum CellKind
{
    /// <summary>Code to run.</summary>
    Code,

    /// <summary>Prose in Markdown.</summary>
    Markdown,

    /// <summary>Text that passes through tools unchanged.</summary>
    Raw,
}

/// <summary>A cell of a notebook.</summary>
public sealed class NotebookCell
{
    /// <summary>Makes a cell without outputs.</summary>
    /// <param name="kind">What kind of cell it is.</param>
    /// <param name="source">The cell's text.</param>
    /// <param name="id">The cell's id, 1 to 64 letters, digits, hyphens and underscores. If null, an id is made from the text.</param>
    /// <exception cref="ArgumentException">The id has other characters or another length.</exception>
    public NotebookCell(CellKind kind, string source, string? id = null)
    {
        if (id is not null && !IsId(id))
            throw new ArgumentException($"'{id}' is not a cell id: 1 to 64 letters, digits, hyphens and underscores.", nameof(id));
        Kind = kind;
        Source = source;
        Id = id ?? MakeId(source, 0);
    }

    /// <summary>What the cell holds.</summary>
    public CellKind Kind { get; }

    /// <summary>The language that a Polyglot notebook names for a code cell, such as <c>fsharp</c>; null if it names none.</summary>
    public string? Language => Named("polyglot_notebook", "kernelName") ?? Named("dotnet_interactive", "language");

    /// <summary>The cell's id, which is unique in its notebook.</summary>
    public string Id { get; internal set; }

    /// <summary>The cell's text.</summary>
    public string Source { get; set; }

    /// <summary>A sentence for the reader about what is probably wrong with the text in the file, or null if nothing is.</summary>
    public string? Warning { get; internal init; }

    /// <summary>The execution count, which front ends show beside a code cell that has run.</summary>
    public int? ExecutionCount { get; set; }

    /// <summary>The outputs of a code cell.</summary>
    public List<NotebookOutput> Outputs { get; } = [];

    /// <summary>Metadata of any kind; kept as it is.</summary>
    public JsonObject Metadata { get; init; } = [];

    /// <summary>The attachments of a Markdown cell: a MIME bundle for each file name.</summary>
    public JsonObject? Attachments { get; init; }

    /// <summary>The cell's tags (<c>metadata.tags</c>).</summary>
    public IReadOnlyList<string> Tags => Metadata["tags"] is JsonArray tags
        ? [.. tags.OfType<JsonValue>().Select(t => t.TryGetValue(out string? s) ? s : null).OfType<string>()] : [];

    /// <summary>Keys that this version of the format does not define.</summary>
    internal JsonObject Extra { get; init; } = [];

    internal static bool IsId(string id) => id.Length is >= 1 and <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>Makes an id that depends only on the text, so that generating the same notebook twice gives the same file.</summary>
    internal static string MakeId(string source, int salt) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{salt}\n{source}")))[..8];

    private string? Named(string group, string key) =>
        Metadata[group] is JsonObject named && named[key] is JsonValue value && value.TryGetValue(out string? name) ? name : null;
}
