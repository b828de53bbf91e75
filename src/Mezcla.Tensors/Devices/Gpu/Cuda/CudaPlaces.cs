namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>
/// Where CUDA's libraries may lie, in the order of asking: wherever the system's loader looks, an installed toolkit, the wheels of a Python environment. It depends on nothing but
/// what it is given: folders below <paramref name="Root"/> and the variables of an environment.
/// </summary>
internal sealed record CudaPlaces(bool Windows, string Root, Func<string, string?> Variable)
{
    internal static CudaPlaces Here { get; } = new(OperatingSystem.IsWindows(), Path.GetPathRoot(Environment.SystemDirectory) is { Length: > 0 } root ? root : "/", Environment.GetEnvironmentVariable);

    /// <summary>Names to load: first each by itself, for the loader, then each file that exists. In each place the newest comes first.</summary>
    internal IEnumerable<string> Files(params string[] names)
        => names.Concat(Folders().Distinct().SelectMany(folder => names.Select(name => Path.Combine(folder, name))).Where(File.Exists));

    /// <summary>What a library will ask for by name and, outside the loader's places, does not find beside itself unless it is loaded already.</summary>
    internal static IEnumerable<string> Companions(string file)
    {
        if (Path.GetDirectoryName(file) is not { Length: > 0 } folder || !File.Exists(file))
            return [];
        string name = Path.GetFileName(file);
        string? pattern = name.StartsWith("libnvrtc.", StringComparison.Ordinal) ? "libnvrtc-builtins.so*"
            : name.StartsWith("nvrtc64", StringComparison.Ordinal) ? "nvrtc-builtins64_*.dll" : null;
        return pattern is null ? [] : Directory.GetFiles(folder, pattern);
    }

    internal IEnumerable<string> Folders() => Toolkits().SelectMany(Libraries).Concat(Environments().SelectMany(Wheels));

    private IEnumerable<string> Toolkits()
        => Values("CUDA_PATH", "CUDA_HOME").Concat(Windows ? [] : Matching(Path.Combine(Root, "usr/local"), "cuda").Concat(Matching(Path.Combine(Root, "usr/local"), "cuda-*")));

    private IEnumerable<string> Libraries(string toolkit)
        => (Windows ? (string[])["bin/x64", "bin"] : ["lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"]).Select(folder => Path.Combine(toolkit, folder));

    /// <summary>Of Python: the active environment, that of the <c>python3</c> on the path, and the user's own packages.</summary>
    private IEnumerable<string> Environments()
    {
        foreach (string active in Values("VIRTUAL_ENV", "CONDA_PREFIX"))
            yield return active;
        foreach (string folder in (Variable("PATH") ?? "").Split(Windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries))
            if (File.Exists(Path.Combine(folder, Windows ? "python.exe" : "python3")))
            {
                // The folder's name, not where its links lead: an environment's python3 is a link to the system's.
                if (Windows)
                    yield return folder;
                if (Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder)) is { } parent)
                {
                    yield return parent;
                    yield return Path.Combine(parent, "local");
                }
            }
        foreach (string home in Values("HOME"))
            yield return Path.Combine(home, ".local");
    }

    private IEnumerable<string> Wheels(string environment)
    {
        var packages = Windows ? [Path.Combine(environment, "Lib", "site-packages")]
            : Matching(Path.Combine(environment, "lib"), "python3*").SelectMany(python => (string[])[Path.Combine(python, "site-packages"), Path.Combine(python, "dist-packages")]);
        string[] within = Windows ? ["nvidia/cu13/bin/x86_64", "nvidia/cuda_nvrtc/bin", "nvidia/cublas/bin"] : ["nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib", "nvidia/cublas/lib"];
        // Conda's own packages lie in the environment itself.
        return packages.SelectMany(folder => within.Select(library => Path.Combine(folder, library))).Append(Path.Combine(environment, Windows ? "Library/bin" : "lib"));
    }

    private IEnumerable<string> Values(params string[] names) => names.Select(Variable).OfType<string>().Where(value => value.Length > 0);

    // The newest first: 12.10 before 12.9.
    private static IEnumerable<string> Matching(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(folder) ? Directory.GetDirectories(folder, pattern).OrderByDescending(Number).ThenBy(path => path, StringComparer.Ordinal) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        static Version Number(string path)
            => Version.TryParse(Path.GetFileName(path).TrimStart('c', 'u', 'd', 'a', '-', 'p', 'y', 't', 'h', 'o', 'n'), out var version) ? version : new Version();
    }
}
