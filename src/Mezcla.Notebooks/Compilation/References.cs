using System.Reflection;
using System.Reflection.Metadata;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>The references that cells are compiled against: .NET itself, read once per process, and the host's assemblies.</summary>
internal static class References
{
    private static readonly Lazy<IReadOnlyList<string>> LazyFrameworkFiles = new(FindFramework);
    private static readonly Lazy<IReadOnlyList<(string Path, AssemblyMetadata Metadata)>> LazyFramework =
        new(() => FrameworkFiles.Select(path => (path, AssemblyMetadata.CreateFromFile(path))).ToList());

    public static IReadOnlyList<string> FrameworkFiles => LazyFrameworkFiles.Value;

    /// <summary>
    /// References to .NET for one engine. The files are read once per process, but each engine gets its own copy of the metadata objects,
    /// to which the compiler attaches its symbols. With symbols from another engine's cells, the types of one cell would differ from the
    /// same types in the next cell ("the call is ambiguous").
    /// </summary>
    public static IEnumerable<MetadataReference> Framework() =>
        LazyFramework.Value.Select(MetadataReference (file) => ((AssemblyMetadata)file.Metadata.Copy()).GetReference(filePath: file.Path));

    public static MetadataReference OfFile(string path)
    {
        var documentation = Path.ChangeExtension(path, ".xml");
        return MetadataReference.CreateFromFile(path,
            documentation: File.Exists(documentation) ? new XmlDocumentation(documentation) : null);
    }

    public static MetadataReference Of(Assembly assembly)
    {
        if (assembly.Location.Length > 0)
            return OfFile(assembly.Location);

        unsafe
        {
            // An assembly inside a single-file program has no file, but its metadata stays in memory while the process runs.
            if (!assembly.TryGetRawMetadata(out var blob, out var length))
                throw new ArgumentException(
                    $"The assembly {assembly.FullName} can't be referenced: it has neither a file nor metadata in memory.");

            return AssemblyMetadata.Create(ModuleMetadata.CreateFromMetadata((nint)blob, length)).GetReference();
        }
    }

    private static List<string> FindFramework()
    {
        var folder = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "";
        var known = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator);
        return known.Where(path => path.StartsWith(folder, StringComparison.OrdinalIgnoreCase) && File.Exists(path)).ToList();
    }
}
