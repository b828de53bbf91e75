using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Installation;

/// <summary>
/// Puts kernels where Jupyter finds them, and takes them away again. The program goes to a folder of its own below the data folder, a new
/// one each time, so that kernels that run keep theirs; those nobody uses any more are deleted. A specification of the same name that
/// somebody else installed is put aside, and put back when ours goes.
/// </summary>
public static class KernelInstaller
{
    private const string Marker = "mezcla";
    private const string LockName = "kernel.lock";
    private static readonly string[] Pictures = ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"];

    /// <summary>Throws if the name cannot be a kernel's.</summary>
    /// <exception cref="ArgumentException">It is none that Jupyter allows.</exception>
    public static void RequireName(string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.Any(c => !char.IsAsciiLetterOrDigit(c) && !"._-".Contains(c)))
            throw new ArgumentException($"'{name}' cannot name a kernel: letters, digits, '.', '_' and '-' can.", nameof(name));
    }

    /// <summary>Copies the program and writes the specifications.</summary>
    /// <param name="options">What and where.</param>
    /// <returns>What was installed; then the names of foreign kernels that were put aside.</returns>
    /// <exception cref="IOException">A folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    /// <exception cref="ArgumentException">A name is none that Jupyter allows, or the program is not in its folder.</exception>
    public static (IReadOnlyList<InstalledKernel> Installed, IReadOnlyList<string> PutAside) Install(KernelInstallOptions options)
    {
        foreach (var (name, _) in options.Names)
            RequireName(name);

        if (!File.Exists(Path.Combine(options.Program, options.Assembly)))
            throw new ArgumentException($"{options.Assembly} is not in {options.Program}.", nameof(options));

        var home = Path.Combine(Path.GetFullPath(options.DataFolder), "mezcla-kernel");
        var application = Path.Combine(
            home,
            $"{options.Version}-{DateTime.UtcNow.ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture)}-" +
                $"{Guid.NewGuid().ToString("N")[..6]}");
        Copy(options.Program, application);
        File.WriteAllText(Path.Combine(application, LockName), "");

        var installed = new List<InstalledKernel>();
        var aside = new List<string>();
        foreach (var (name, display) in options.Names)
        {
            var folder = SpecificationFolder(options.DataFolder, name);
            if (Directory.Exists(folder) && Read(folder) is not { Application: not null })
            {
                var kept = Path.Combine(home, "replaced", name);
                if (Directory.Exists(kept))
                    Directory.Delete(kept, recursive: true);
                Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
                Directory.Move(folder, kept);
                aside.Add(name);
            }

            WriteSpecification(folder, display, application, options);
            installed.Add(Read(folder)!);
        }

        DeleteUnused(options.DataFolder);
        return (installed, aside);
    }

    /// <summary>All kernels in these data folders, those that hide others first.</summary>
    /// <param name="dataFolders">For instance <see cref="JupyterPaths.Search"/>.</param>
    public static IReadOnlyList<InstalledKernel> List(IEnumerable<string> dataFolders)
    {
        var found = new List<InstalledKernel>();
        foreach (var folder in dataFolders.Select(f => Path.Combine(f, "kernels")).Where(Directory.Exists))
            found.AddRange(Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Select(Read).OfType<InstalledKernel>());
        return found;
    }

    /// <summary>Removes kernels that <see cref="Install"/> installed, and the program once nothing refers to it.</summary>
    /// <param name="dataFolder">The data folder they are in.</param>
    /// <param name="names">Their names.</param>
    /// <returns>Those removed, and those put back that had been put aside.</returns>
    /// <exception cref="IOException">A folder cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write there.</exception>
    public static (IReadOnlyList<string> Removed, IReadOnlyList<string> PutBack) Uninstall(string dataFolder, IEnumerable<string> names)
    {
        var removed = new List<string>();
        var back = new List<string>();
        foreach (var name in names)
        {
            var folder = SpecificationFolder(dataFolder, name);
            if (!Directory.Exists(folder) || Read(folder) is not { Application: not null })
                continue;
            Directory.Delete(folder, recursive: true);
            removed.Add(name);
            var kept = Path.Combine(dataFolder, "mezcla-kernel", "replaced", name);
            if (Directory.Exists(kept))
            {
                Directory.Move(kept, folder);
                back.Add(name);
            }
        }

        DeleteUnused(dataFolder);
        return (removed, back);
    }

    /// <summary>A running kernel holds this for as long as its program must not be deleted;
    /// null where it was not installed by <see cref="Install"/>.</summary>
    /// <param name="programFolder">The folder the kernel's program runs from.</param>
    public static IDisposable? Hold(string programFolder)
    {
        var path = Path.Combine(programFolder, LockName);
        return File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read) : null;
    }

    private static string SpecificationFolder(string dataFolder, string name) =>
        Path.Combine(Path.GetFullPath(dataFolder), "kernels", name);

    private static void WriteSpecification(string folder, string display, string application, KernelInstallOptions options)
    {
        Directory.CreateDirectory(folder);
        var argv = new JsonArray(DotNetHost(), Path.Combine(application, options.Assembly));
        foreach (var argument in options.Arguments)
            argv.Add(argument);
        argv.Add("--connection-file");
        argv.Add("{connection_file}");
        var specification = new JsonObject
        {
            ["argv"] = argv,
            ["display_name"] = display,
            ["language"] = "C#",
            ["interrupt_mode"] = "message",
            ["kernel_protocol_version"] = Messages.MessageCodec.ProtocolVersion,
            ["metadata"] = new JsonObject
            {
                ["debugger"] = false,
                [Marker] = new JsonObject { ["version"] = options.Version, ["application"] = application },
            },
        };
        var json = new JsonSerializerOptions(Messages.MessageCodec.Json) { WriteIndented = true };
        File.WriteAllText(Path.Combine(folder, "kernel.json"), specification.ToJsonString(json) + "\n");
        foreach (var picture in Pictures)
        {
            using Stream resource = typeof(KernelInstaller).Assembly.GetManifestResourceStream(picture)
                ?? throw new InvalidOperationException($"The picture {picture} is missing from the assembly.");
            using FileStream file = File.Create(Path.Combine(folder, picture));
            resource.CopyTo(file);
        }
    }

    private static InstalledKernel? Read(string folder)
    {
        try
        {
            if (JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "kernel.json"))) is not JsonObject json)
                return null;
            return new InstalledKernel(
                Path.GetFileName(folder), folder, Text(json["display_name"]) ?? Path.GetFileName(folder), Text(json["language"]) ?? "",
                ((json["metadata"] as JsonObject)?[Marker] as JsonObject)?["application"] is { } application ? Text(application) : null);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // Not a kernel, or none that can be read: Jupyter passes over it as well.
            return null;
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static void DeleteUnused(string dataFolder)
    {
        var home = Path.Combine(Path.GetFullPath(dataFolder), "mezcla-kernel");
        if (!Directory.Exists(home))
            return;
        HashSet<string> used = [.. List([dataFolder]).Select(k => k.Application).OfType<string>()];
        foreach (var folder in Directory.GetDirectories(home))
        {
            var held = Path.Combine(folder, LockName);
            if (used.Contains(folder) || !File.Exists(held))
                continue;
            try
            {
                using (new FileStream(held, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                }

                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A kernel still runs from it. The next installation or removal tries again.
            }
        }

        if (!Directory.EnumerateFileSystemEntries(home).Any())
            Directory.Delete(home);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    // The program `dotnet` of the installation that runs this process: it is there, whatever the path says later.
    private static string DotNetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var host = Path.GetFullPath(Path.Combine(runtime, "..", "..", "..", name));
        return File.Exists(host) ? host : name;
    }
}
