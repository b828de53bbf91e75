using System.Reflection;
using System.Reflection.Metadata;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>What cells are compiled against: .NET itself, read once a process, and the host's assemblies.</summary>
internal static class References
{
    private static readonly Lazy<IReadOnlyList<string>> LazyFrameworkFiles = new(FindFramework);
    private static readonly Lazy<IReadOnlyList<(string Path, AssemblyMetadata Metadata)>> LazyFramework =
        new(() => FrameworkFiles.Select(path => (path, AssemblyMetadata.CreateFromFile(path))).ToList());

    public static IReadOnlyList<string> FrameworkFiles => LazyFrameworkFiles.Value;

    /// <summary>
    /// References to .NET for one engine. The files are read once a process, but what the compiler remembers of them is the engine's own:
    /// symbols that it took from another engine's cells would make types of one cell
    /// strangers to those of the next ("the call is ambiguous").
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
            // An assembly inside a single-file program has no file, but its metadata is in memory for as long as the process lives.
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
