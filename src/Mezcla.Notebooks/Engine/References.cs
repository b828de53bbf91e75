using System.Reflection;
using System.Reflection.Metadata;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>What cells are compiled against: .NET itself, read once a process, and the host's assemblies.</summary>
internal static class References
{
    private static readonly Lazy<IReadOnlyList<string>> s_frameworkFiles = new(FindFramework);
    private static readonly Lazy<IReadOnlyList<MetadataReference>> s_framework =
        new(() => FrameworkFiles.Select(MetadataReference (path) => MetadataReference.CreateFromFile(path)).ToList());

    public static IReadOnlyList<string> FrameworkFiles => s_frameworkFiles.Value;

    public static IReadOnlyList<MetadataReference> Framework => s_framework.Value;

    public static MetadataReference OfFile(string path)
    {
        var documentation = Path.ChangeExtension(path, ".xml");
        return MetadataReference.CreateFromFile(path, documentation: File.Exists(documentation) ? new XmlDocumentation(documentation) : null);
    }

    public static MetadataReference Of(Assembly assembly)
    {
        if (assembly.Location.Length > 0)
            return OfFile(assembly.Location);

        unsafe
        {
            // An assembly inside a single-file program has no file, but its metadata is in memory for as long as the process lives.
            if (!assembly.TryGetRawMetadata(out var blob, out var length))
                throw new ArgumentException($"The assembly {assembly.FullName} can't be referenced: it has neither a file nor metadata in memory.");

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
