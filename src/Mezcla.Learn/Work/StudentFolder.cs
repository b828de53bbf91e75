using System.Globalization;
using System.Security.Cryptography;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Learn.Work;

/// <summary>
/// A student's own folder with copies of the chapters that were opened. Files are replaced atomically, and none is overwritten whose
/// content this program has not seen: it is first set aside under another name.
/// </summary>
/// <param name="folder">The folder; it is created with the first copy.</param>
/// <param name="course">The course.</param>
public sealed class StudentFolder(string folder, CourseFolder course)
{
    private readonly Dictionary<string, byte[]> _seen = [];
    private readonly Lock _lock = new();

    /// <summary>The folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(folder);

    /// <summary>The file of a chapter's copy.</summary>
    /// <param name="chapter">The chapter's name.</param>
    public string FileOf(string chapter) =>
        System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(course.Folder, course.FileOf(chapter)));

    /// <summary>Reads the copy of a chapter, and makes it first if there is none.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <param name="notice">A sentence for the student if something is to be known, or null.</param>
    /// <exception cref="IOException">The copy cannot be read or written.</exception>
    public Notebook Open(string chapter, out string? notice)
    {
        notice = null;
        lock (_lock)
        {
            var file = FileOf(chapter);
            if (File.Exists(file))
            {
                try
                {
                    var copy = Notebook.Read(file);
                    _seen[file] = Hash(file);
                    return copy;
                }
                catch (InvalidDataException e)
                {
                    var aside = SetAside(file, "damaged");
                    notice = $"Your copy of this chapter cannot be read ({e.Message}). It was kept as {aside}, and a new copy was made.";
                }
            }
            var original = course.Read(chapter);
            Write(file, original);
            return original;
        }
    }

    /// <summary>Saves a chapter.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <param name="notebook">The student's copy.</param>
    /// <returns>The name under which a version was kept that another program had saved meanwhile, or null.</returns>
    /// <exception cref="IOException">It cannot be written; the file keeps its old content.</exception>
    public string? Save(string chapter, Notebook notebook)
    {
        lock (_lock)
        {
            var file = FileOf(chapter);
            var aside = File.Exists(file) && !(_seen.TryGetValue(file, out var seen) && seen.AsSpan().SequenceEqual(Hash(file)))
                ? SetAside(file, "other") : null;
            Write(file, notebook);
            return aside;
        }
    }

    /// <summary>Keeps the file of a chapter under another name, before all of it is replaced.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <param name="why">A word for the file's name.</param>
    /// <returns>The new name.</returns>
    public string? KeepAside(string chapter, string why)
    {
        lock (_lock)
            return File.Exists(FileOf(chapter)) ? SetAside(FileOf(chapter), why) : null;
    }

    private void Write(string file, Notebook notebook)
    {
        notebook.Write(file);
        _seen[file] = Hash(file);
    }

    private string SetAside(string file, string why)
    {
        var stem = System.IO.Path.GetFileNameWithoutExtension(file);
        var time = DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        for (var n = 1; ; n++)
        {
            var name = $"{stem}.{why}-{time}{(n > 1 ? $"-{n}" : "")}.ipynb";
            var path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(file)!, name);
            if (File.Exists(path))
                continue;
            File.Move(file, path);
            return name;
        }
    }

    private static byte[] Hash(string file) => SHA256.HashData(File.ReadAllBytes(file));
}
