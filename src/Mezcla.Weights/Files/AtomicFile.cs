namespace Mezcla.Weights.Files;

/// <summary>Writes a file atomically: first to a temporary file in the same folder, which is flushed to the disk and then
/// renamed.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes <paramref name="path"/>. If <paramref name="write"/> fails, or the process ends before it has finished, the earlier file is
    /// unchanged.
    /// </summary>
    /// <param name="path">The file to make or replace; its folder is made if it does not exist.</param>
    /// <param name="write">Writes the contents.</param>
    /// <exception cref="IOException">The disk is full, the folder is read-only, or another program holds the file.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        path = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(path) ?? throw new IOException($"{path} names a folder, not a file.");
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary); // does nothing after the rename
        }
    }
}
