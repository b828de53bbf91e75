using System.Text.Json;

namespace Mezcla.Notebooks;

/// <summary>Reads <c>project.assets.json</c>: the files of the packages that a restore chose for this runtime.</summary>
internal static class AssetsFile
{
    /// <summary>The files, or null if the assets file or one of the files it names is missing or damaged.</summary>
    public static RestoredPackages? TryRead(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (HasErrors(document.RootElement))
                return null;

            var found = Read(document.RootElement);
            return found.CompileFiles.Concat(found.RuntimeFiles).Concat(found.NativeFiles).All(File.Exists) ? found : null;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
                or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether the assets file holds errors. A failed restore writes one too, with its reasons.</summary>
    private static bool HasErrors(JsonElement root) =>
        root.TryGetProperty("logs", out var logs)
            && logs.EnumerateArray().Any(log => log.TryGetProperty("level", out var level) && level.GetString() == "Error");

    private static RestoredPackages Read(JsonElement root)
    {
        var folders = root.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name).ToList();
        var libraries = root.GetProperty("libraries");

        // With a runtime identifier there are two targets. The one whose name contains it lists the native files.
        var target = root.GetProperty("targets").EnumerateObject()
            .OrderByDescending(candidate => candidate.Name.Contains('/', StringComparison.Ordinal)).First().Value;
        var versions = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var (compile, runtime, resources, native) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
        var extensions = new List<string>();
        foreach (var package in target.EnumerateObject())
        {
            var slash = package.Name.IndexOf('/', StringComparison.Ordinal);
            versions[package.Name[..slash]] = package.Name[(slash + 1)..];
            if (!libraries.GetProperty(package.Name).TryGetProperty("path", out var relative))
                continue;

            var folder = folders.Select(root => Path.Combine(root, relative.GetString()!)).FirstOrDefault(Directory.Exists);
            if (folder is null)
                throw new IOException($"The package {package.Name} is not on the disk.");

            compile.AddRange(Files(package.Value, "compile", folder, ".dll"));
            runtime.AddRange(Files(package.Value, "runtime", folder, ".dll"));
            resources.AddRange(Files(package.Value, "resource", folder, ".dll"));
            native.AddRange(Files(package.Value, "native", folder, ""));
            var extension = Path.Combine(folder, "interactive-extensions", "dotnet");
            if (Directory.Exists(extension))
                extensions.AddRange(Directory.EnumerateFiles(extension).Select(Path.GetFullPath).Order(StringComparer.Ordinal));
        }

        return new RestoredPackages(versions, compile, runtime, resources, native, extensions);
    }

    private static IEnumerable<string> Files(JsonElement package, string group, string folder, string extension) =>
        package.TryGetProperty(group, out var files)
            ? files.EnumerateObject()
                .Where(file => !file.Name.EndsWith("_._", StringComparison.Ordinal)
                    && file.Name.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
                .Select(file => Path.GetFullPath(Path.Combine(folder, file.Name)))
            : [];
}
