using Mezcla.Notebooks.Documents;

namespace Mezcla.Learn.Work;

/// <summary>The course's own notebooks, which are only read.</summary>
public sealed class CourseFolder
{
    private readonly string _folder;

    /// <summary>Finds the chapters in a folder, and their solutions in its folder <c>solutions</c>.</summary>
    /// <param name="folder">The folder of the notebooks.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public CourseFolder(string folder)
    {
        _folder = Path.GetFullPath(folder);
        Chapters = Names(_folder, "");
        var solutions = Path.Combine(_folder, "solutions");
        Solutions = Directory.Exists(solutions) ? Names(solutions, "solutions/") : [];
    }

    /// <summary>The names of the chapters, such as <c>03-attention</c>, in their order.</summary>
    public IReadOnlyList<string> Chapters { get; }

    /// <summary>The names of the solutions, such as <c>solutions/03-attention</c>, in their order.</summary>
    public IReadOnlyList<string> Solutions { get; }

    /// <summary>The folder of the notebooks, to which pictures in their prose refer.</summary>
    public string Folder => _folder;

    /// <summary>Whether there is a notebook of this name.</summary>
    public bool Has(string name) => Chapters.Contains(name) || Solutions.Contains(name);

    /// <summary>The file of a notebook.</summary>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public string FileOf(string name) => Has(name)
        ? Path.Combine(_folder, name.Replace('/', Path.DirectorySeparatorChar) + ".ipynb")
        : throw new ArgumentException($"There is no chapter '{name}'.", nameof(name));

    /// <summary>Reads a notebook as the course has it.</summary>
    public Notebook Read(string name) => Notebook.Read(FileOf(name));

    private static List<string> Names(string folder, string prefix) =>
        [.. Directory.EnumerateFiles(folder, "*.ipynb").Select(file => prefix + Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal)];
}
