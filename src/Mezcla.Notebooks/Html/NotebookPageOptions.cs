namespace Mezcla.Notebooks.Html;

/// <summary>What surrounds a notebook on its page.</summary>
public sealed record NotebookPageOptions
{
    /// <summary>The notebook's folder, to which relative picture paths refer, or null to leave such pictures out.</summary>
    public string? Folder { get; init; }

    /// <summary>The address and text of a link to the site's first page.</summary>
    public (string Url, string Title)? Home { get; init; }

    /// <summary>The address and text of a link to the previous page.</summary>
    public (string Url, string Title)? Previous { get; init; }

    /// <summary>The address and text of a link to the next page.</summary>
    public (string Url, string Title)? Next { get; init; }

    /// <summary>Whether links to other notebooks become links to their pages.</summary>
    public bool LinkPages { get; init; }

    /// <summary>The libraries that draw outputs of the notebook, besides Mermaid's. The page carries those that it needs.</summary>
    public IReadOnlyList<ScriptLibrary> Libraries { get; init; } = [];

    /// <summary>A line at the end, such as when and how the notebook ran.</summary>
    public string Footer { get; init; } = "";
}
