namespace Mezcla.Notebooks.Html;

/// <summary>What stands around a notebook on its page.</summary>
public sealed record NotebookPageOptions
{
    /// <summary>The folder of the notebook, where pictures that it names are looked for; null to leave them out.</summary>
    public string? Folder { get; init; }

    /// <summary>A link to the contents of a whole site: its address and its words.</summary>
    public (string Url, string Title)? Home { get; init; }

    /// <summary>A link to the page before.</summary>
    public (string Url, string Title)? Previous { get; init; }

    /// <summary>A link to the page after.</summary>
    public (string Url, string Title)? Next { get; init; }

    /// <summary>Whether links to other notebooks lead to their pages beside this one.</summary>
    public bool LinkPages { get; init; }

    /// <summary>A line at the end, such as when and how the notebook ran.</summary>
    public string Footer { get; init; } = "";
}
