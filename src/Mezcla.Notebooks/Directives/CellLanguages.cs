namespace Mezcla.Notebooks;

/// <summary>What lines of a cell are, by the name of the directive above them or by what a notebook says of its cell.</summary>
internal static class CellLanguages
{
    /// <summary>C#, the language of lines under no other directive.</summary>
    public static readonly CellSection CSharp = new(PartKind.Code, "");

    private static readonly Dictionary<string, CellSection> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["csharp"] = CSharp,
        ["c#"] = CSharp,
        ["markdown"] = new(PartKind.Content, MimeBundle.Markdown),
        ["md"] = new(PartKind.Content, MimeBundle.Markdown),
        ["html"] = new(PartKind.Content, MimeBundle.Html),
        ["javascript"] = new(PartKind.Content, MimeBundle.JavaScript),
        ["js"] = new(PartKind.Content, MimeBundle.JavaScript),
        ["mermaid"] = new(PartKind.Content, MimeBundle.Mermaid),
        ["value"] = new(PartKind.Value, ""),
        ["fsharp"] = new(PartKind.Foreign, "F#"),
        ["f#"] = new(PartKind.Foreign, "F#"),
        ["pwsh"] = new(PartKind.Foreign, "PowerShell"),
        ["powershell"] = new(PartKind.Foreign, "PowerShell"),
        ["sql"] = new(PartKind.Foreign, "SQL"),
        ["kql"] = new(PartKind.Foreign, "KQL"),
        ["http"] = new(PartKind.Foreign, "HTTP"),
        ["python"] = new(PartKind.Foreign, "Python"),
        ["r"] = new(PartKind.Foreign, "R"),
    };

    /// <summary>The language of a directive's name, or null if the name is none. Connections to databases are named <c>sql-…</c> and
    /// <c>kql-…</c>.</summary>
    public static CellSection? Of(string name) =>
        Known.GetValueOrDefault(name) ?? (name.IndexOf('-', StringComparison.Ordinal) is > 0 and var end
            && Known.GetValueOrDefault(name[..end]) is { Kind: PartKind.Foreign } database ? database : null);

    /// <summary>The language that a notebook names for a cell. A name that is not known is another program's kernel.</summary>
    public static CellSection OfCell(string? name) => name is null ? CSharp : Of(name) ?? new CellSection(PartKind.Foreign, name);
}
