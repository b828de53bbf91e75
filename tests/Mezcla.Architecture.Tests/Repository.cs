using Mezcla.Tests;

namespace Mezcla.Architecture.Tests;

/// <summary>Where the sources lie, and the assemblies that were built from them.</summary>
internal static class Repository
{
    /// <summary>The folder of Mezcla.slnx.</summary>
    public static string Root => Checkout.Root;

    /// <summary>The names of the projects in src.</summary>
    public static IReadOnlyList<string> Projects { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>The folder of a project in src.</summary>
    public static string Source(string project) => Path.Combine(Root, "src", project);

    /// <summary>The assembly of a project in src, as it was built for these tests.</summary>
    public static string Assembly(string project) => Path.Combine(AppContext.BaseDirectory, project + ".dll");

    /// <summary>The C# files below a folder, without what builds left there.</summary>
    public static IEnumerable<string> SourceFiles(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);
}
