namespace Mezcla.Cli.Shared;

/// <summary>Checks where a command is going to write, so that it does not replace a file
/// by accident or work for a file that cannot be written.</summary>
internal static class OutputPath
{
    /// <summary>Refuses to write over the input, and over anything else without <c>--force</c>.</summary>
    /// <param name="output">The file or folder to write.</param>
    /// <param name="input">The file or folder that is read.</param>
    /// <param name="force">Whether an existing file may be replaced.</param>
    /// <exception cref="IOException">The output exists and may not be replaced.</exception>
    public static void Check(string output, string input, bool force)
    {
        if (Path.GetFullPath(output) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(input)))
            throw new IOException($"{Path.GetFullPath(output)} would be written over itself: choose another --output.");
        if (!force && (File.Exists(output) || Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any()))
            throw new IOException($"{Path.GetFullPath(output)} exists. Choose another name, or add --force to replace it.");
    }

    /// <summary>Checks that a file can be created at a path, before any work begins.</summary>
    /// <param name="file">The file; null if none is wanted.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="IOException">The path is a folder, or its folder does not exist.</exception>
    public static void RequireFile(FileInfo? file, string option)
    {
        if (file is null)
            return;
        if (Directory.Exists(file.FullName))
            throw new IOException($"{file.FullName} is a folder: name a file with {option}.");
        if (file.Directory is { Exists: false } folder)
            throw new DirectoryNotFoundException($"The folder {folder.FullName} does not exist: create it or choose another {option}.");
    }
}
