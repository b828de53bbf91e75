namespace Mezcla.Tensors.Torch;

/// <summary>What has to be downloaded to use libtorch on this machine, and how its files become a library that is found.</summary>
public sealed class TorchInstallation
{
    private readonly TorchPlaces _places;
    private readonly bool _cuda;

    /// <summary>The installation of a build.</summary>
    /// <param name="cuda">Whether it is the one for NVIDIA's GPUs.</param>
    /// <exception cref="DeviceException">There is no such build for this kind of machine.</exception>
    public TorchInstallation(bool cuda)
        : this(TorchPlaces.Here, cuda)
    {
    }

    internal TorchInstallation(TorchPlaces places, bool cuda)
    {
        if (!places.HasBuild(cuda))
            throw new DeviceException($"TorchSharp has no build of libtorch{(cuda ? " for CUDA" : "")} for {places.Platform}.");
        (_places, _cuda) = (places, cuda);
    }

    /// <summary>NuGet's package.</summary>
    public string Package => _places.Package(_cuda);

    /// <summary>The package's version.</summary>
    public string Version => TorchPlaces.Version;

    /// <summary>How large it is, for people.</summary>
    public string Size => _places.Size(_cuda);

    /// <summary>The MSBuild target of the packages that joins the pieces of files too large for one; null where there are none.</summary>
    public string? Target => _cuda ? "FileRestitch" : null;

    /// <summary>
    /// Makes restored files a library that is found, unless it is found already where they are: links to all of them in one folder, or
    /// copies where the system allows no links.
    /// </summary>
    /// <param name="files">The native files of the package and of those it needs.</param>
    /// <returns>The library.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public TorchLibrary Complete(IEnumerable<string> files)
    {
        if (TorchLibrary.Find(_places, _cuda) is { Folder: not null } found)
            return found;
        var folder = Directory.CreateDirectory(_places.OwnFolder(_cuda)).FullName;
        foreach (var file in files.Where(file => !file.EndsWith(".sha", StringComparison.Ordinal)))
            Link(Path.Combine(folder, Path.GetFileName(file)), file);
        return TorchLibrary.Find(_places, _cuda);
    }

    private static void Link(string from, string to)
    {
        File.Delete(from);
        try
        {
            File.CreateSymbolicLink(from, to);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Windows lets only administrators and developers make links.
            File.Copy(to, from);
        }
    }
}
