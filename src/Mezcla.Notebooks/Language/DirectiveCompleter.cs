using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>Completes directives and their paths.</summary>
internal static partial class DirectiveCompleter
{
    private static readonly (string Name, string Meaning)[] Directives =
    [
        ("#!about", "what this kernel is"),
        ("#!csharp", "the lines below are C#"),
        ("#!html", "the lines below are HTML"),
        ("#!import \"", "runs a C# file"),
        ("#!javascript", "the lines below are a script for the page"),
        ("#!lsmagic", "the list of directives"),
        ("#!markdown", "the lines below are Markdown"),
        ("#!time", "shows how long the cell takes"),
        ("#!who", "names of the variables"),
        ("#!whos", "variables with type and value"),
        ("#i \"nuget: ", "adds a source of packages"),
        ("#load \"", "runs a C# file"),
        ("#r \"", "uses an assembly file"),
        ("#r \"nuget: ", "uses a package"),
    ];

    /// <summary>The possible completions at the cursor if its line is a directive; null if the line is C#.</summary>
    public static CompletionResult? Complete(string code, int cursor, string folder)
    {
        cursor = Math.Clamp(cursor, 0, code.Length);
        var lineStart = cursor == 0 ? 0 : code.LastIndexOf('\n', cursor - 1) + 1;
        var line = code[lineStart..cursor];
        if (PathStart().Match(line) is { Success: true } path)
            return Paths(lineStart + path.Groups["path"].Index, cursor, path.Groups["path"].Value, path.Groups["kind"].Value, folder);

        var text = line.TrimStart();
        if (!text.StartsWith('#') || text.Contains('"', StringComparison.Ordinal))
            return null;

        var start = lineStart + line.Length - text.Length;
        return new CompletionResult(start, cursor, [.. Directives
            .Where(directive => directive.Name.StartsWith(text, StringComparison.OrdinalIgnoreCase))
            .Select(directive => new Completion(directive.Name, "directive", directive.Meaning))]);
    }

    private static CompletionResult Paths(int start, int cursor, string typed, string kind, string folder)
    {
        if (typed.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase))
            return new CompletionResult(cursor, cursor, []);

        var slash = typed.LastIndexOfAny(['/', '\\']) + 1;
        var (parent, prefix) = (typed[..slash], typed[slash..]);
        string[] extensions = kind != "r" ? [".cs", ".csx"] : [".dll"];
        try
        {
            var items = new DirectoryInfo(Path.Combine(folder, parent)).EnumerateFileSystemInfos(prefix + "*")
                .Where(entry => entry is DirectoryInfo || extensions.Contains(entry.Extension, StringComparer.OrdinalIgnoreCase))
                .Where(entry => !entry.Name.StartsWith('.'))
                .OrderBy(entry => entry.Name, StringComparer.OrdinalIgnoreCase)
                .Take(100)
                .Select(entry => new Completion(parent + entry.Name + (entry is DirectoryInfo ? "/" : ""), "path"))
                .ToList();
            return new CompletionResult(start, cursor, items);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new CompletionResult(start, cursor, []);
        }
    }

    [GeneratedRegex(@"^\s*#(?<kind>r|load|!import)\s+""(?<path>[^""]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex PathStart();
}
