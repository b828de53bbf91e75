namespace Mezcla.Cli.Commands;

/// <summary>Keeps commands from writing over what is there, and from working for a file that cannot be written.</summary>
internal static class OutputPath
{
    /// <exception cref="IOException">There is something already, and it may not be replaced.</exception>
    public static void Check(string output, string input, bool force)
    {
        if (Path.GetFullPath(output) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(input))) throw new IOException($"{Path.GetFullPath(output)} would be written over itself: choose another --output.");
        if (!force && (File.Exists(output) || Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any()))
            throw new IOException($"{Path.GetFullPath(output)} exists. Choose another name, or give --force to replace it.");
    }

    /// <summary>Refuses what cannot become a file, before there is work that would be lost; where no file is wanted there is nothing to refuse.</summary>
    /// <param name="file">The file.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="IOException">It is a folder, or in none that exists.</exception>
    public static void RequireFile(FileInfo? file, string option)
    {
        if (file is null) return;
        if (Directory.Exists(file.FullName)) throw new IOException($"{file.FullName} is a folder: name a file with {option}.");
        if (file.Directory is { Exists: false } folder) throw new DirectoryNotFoundException($"The folder {folder.FullName} does not exist: create it or choose another {option}.");
    }
}
