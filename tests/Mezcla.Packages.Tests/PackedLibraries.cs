using System.Diagnostics;
using System.Xml.Linq;
using Mezcla.Tests;

namespace Mezcla.Packages.Tests;

/// <summary>Every library in src as a package in a temporary folder, packed once for all tests from what was built.</summary>
public sealed class PackedLibraries : IDisposable
{
    public PackedLibraries()
    {
        foreach (var library in Libraries)
            Dotnet(Root, "pack", Path.Combine("src", library, library + ".csproj"), "-c", Configuration, "--no-build", "-o", Packages, "-v",
                "q", "--nologo");
    }

    /// <summary>The folder of Mezcla.slnx.</summary>
    public static string Root => Checkout.Root;

    /// <summary>The projects in src that are libraries: a program is no package to refer to.</summary>
    public static IReadOnlyList<string> Libraries { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories).Where(IsLibrary)
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>A folder of this test's own.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("mezcla-packages-").FullName;

    /// <summary>The folder that the packages lie in.</summary>
    public string Packages => Path.Combine(Folder, "packed");

    /// <summary>The version of the packages, the same for all.</summary>
    public static string Version { get; } = XDocument.Load(Path.Combine(Root, "Directory.Build.props")).Descendants("Version")
        .Single().Value;

    /// <summary>Runs dotnet and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it printed.</exception>
    public string Dotnet(string folder, params string[] arguments) => Run(folder, "dotnet", arguments);

    /// <summary>Runs a program and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it printed.</exception>
    public string Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        start.Environment["MEZCLA_DEVICE"] = "cpu";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}{errors.Result}");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The configuration in which the libraries were built: these tests lie in bin/Release/net10.0 or bin/Debug/net10.0.</summary>
    public static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static bool IsLibrary(string project)
    {
        var properties = XDocument.Load(project).Descendants("PropertyGroup").Elements()
            .ToLookup(e => e.Name.LocalName, e => e.Value.Trim());
        return !properties["OutputType"].Contains("Exe") && !properties["IsPackable"].Contains("false");
    }
}
