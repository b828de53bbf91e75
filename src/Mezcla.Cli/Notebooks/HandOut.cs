using Mezcla.Notebooks.Documents;

namespace Mezcla.Cli.Notebooks;

/// <summary>Writes the copy of the course that a class gets: the chapters and their pictures, without solutions.</summary>
internal static class HandOut
{
    /// <summary>The tag of cells that contain a solution.</summary>
    public const string Solution = "solution";

    /// <summary>Writes chapters without the cells tagged <see cref="Solution"/> and without the lines that link to solutions.</summary>
    /// <param name="chapters">The chapters' files.</param>
    /// <param name="output">The folder to write to; it is created if it does not exist.</param>
    /// <exception cref="ArgumentException">The folder is that of the chapters themselves.</exception>
    public static void Write(IReadOnlyList<string> chapters, string output)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(chapters[0]))!;
        if (Path.TrimEndingDirectorySeparator(Path.GetFullPath(output)) == Path.TrimEndingDirectorySeparator(folder))
            throw new ArgumentException(
                $"--output {output} is the folder of the course itself: choose another folder, so that nothing is overwritten.");
        Directory.CreateDirectory(output);
        foreach (var chapter in chapters)
        {
            var notebook = Notebook.Read(chapter);
            notebook.Cells.RemoveAll(cell => cell.Tags.Contains(Solution));
            foreach (var cell in notebook.Cells.Where(c => c.Kind == CellKind.Markdown))
                cell.Source = string.Join('\n',
                    cell.Source.Split('\n').Where(line => !line.Contains("](solutions/", StringComparison.Ordinal)));
            notebook.Write(Path.Combine(output, Path.GetFileName(chapter)));
        }
        if (Directory.Exists(Path.Combine(folder, "images")))
        {
            var images = Directory.CreateDirectory(Path.Combine(output, "images")).FullName;
            foreach (var image in Directory.EnumerateFiles(Path.Combine(folder, "images")))
                File.Copy(image, Path.Combine(images, Path.GetFileName(image)), overwrite: true);
        }
    }
}
