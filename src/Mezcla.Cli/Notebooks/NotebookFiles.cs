using Mezcla.Notebooks.Documents;

namespace Mezcla.Cli.Notebooks;

/// <summary>Finds the notebooks that a command line names.</summary>
internal static class NotebookFiles
{
    private const string Extension = ".ipynb";

    /// <summary>The notebooks at these paths: files as they are, and all <c>.ipynb</c>
    /// files in and below folders, ordered by name.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <exception cref="FileNotFoundException">There is no such file or folder, or no notebook in a folder.</exception>
    /// <remarks>Left out are hidden folders, such as Jupyter's checkpoints, and the results
    /// of earlier runs: folders called executed or artifacts.</remarks>
    public static List<string> Find(IEnumerable<string> paths) =>
        Find(paths,
            folder => Directory.EnumerateFiles(folder, "*" + Extension, SearchOption.AllDirectories)
                .Where(file => !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(IsLeftOut)));

    /// <summary>
    /// Finds what <see cref="Find(IEnumerable{string})"/> finds, and also everything else that has the name of a notebook, such as a
    /// folder or a broken link, and folders that cannot be listed, so that no submission is lost silently.
    /// </summary>
    /// <param name="paths">Files and folders.</param>
    /// <exception cref="FileNotFoundException">There is no such file or folder, or no notebook in a folder.</exception>
    public static List<string> FindSubmissions(IEnumerable<string> paths) => Find(paths, folder => Walk(folder, [RealPath(folder)]));

    /// <summary>Whether a path has the extension of a notebook: <c>.ipynb</c> or <c>.dib</c>.</summary>
    public static bool IsNotebook(string path) =>
        Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase) || Notebook.HoldsNoOutputs(path);

    /// <summary>The path under which a notebook is saved with its outputs.</summary>
    public static string WithOutputs(string path) => Notebook.HoldsNoOutputs(path) ? Path.ChangeExtension(path, Extension) : path;

    /// <summary>The deepest folder that holds all notebooks. The results of a run keep their places below it.</summary>
    public static string CommonFolder(List<string> notebooks)
    {
        var folder = Path.GetDirectoryName(notebooks[0])!;
        while (!notebooks.All(n => n.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            && Path.GetDirectoryName(folder) is { } above)
            folder = above;
        return folder;
    }

    private static List<string> Find(IEnumerable<string> paths, Func<string, IEnumerable<string>> notebooksOf)
    {
        var found = new List<string>();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                found.Add(File.Exists(path)
                    ? Path.GetFullPath(path)
                    : throw new FileNotFoundException($"There is no notebook or folder '{path}'."));
                continue;
            }
            var notebooks = notebooksOf(path).Select(Path.GetFullPath).Order(StringComparer.Ordinal).ToList();
            if (notebooks.Count == 0)
                throw new FileNotFoundException($"There are no notebooks in '{path}'.");
            found.AddRange(notebooks);
        }
        return [.. found.Distinct()];
    }

    /// <param name="folder">The folder to search.</param>
    /// <param name="visited">The folders already searched, without links: a link to a
    /// folder above would otherwise be followed in a circle.</param>
    private static List<string> Walk(string folder, HashSet<string> visited)
    {
        string[] entries;
        try
        {
            entries = Directory.GetFileSystemEntries(folder);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return [folder];
        }
        var found = new List<string>();
        foreach (var entry in entries.Where(e => !IsLeftOut(Path.GetFileName(e))))
        {
            if (entry.EndsWith(Extension, StringComparison.Ordinal))
                found.Add(entry);
            if (Directory.Exists(entry) && visited.Add(RealPath(entry)))
                found.AddRange(Walk(entry, visited));
        }
        return found;
    }

    private static string RealPath(string folder) =>
        new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(folder);

    private static bool IsLeftOut(string name) => name.StartsWith('.') || name is "executed" or "artifacts";
}
