using System.Reflection;
using System.Reflection.Metadata;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>What cells are compiled against: .NET itself, read once a process, and the host's assemblies.</summary>
internal static class References
{
    private static readonly Lazy<IReadOnlyList<MetadataReference>> s_framework = new(ReadFramework);

    public static IReadOnlyList<MetadataReference> Framework => s_framework.Value;

    public static MetadataReference Of(Assembly assembly)
    {
        if (assembly.Location.Length > 0)
            return MetadataReference.CreateFromFile(assembly.Location);

        unsafe
        {
            // An assembly inside a single-file program has no file, but its metadata is in memory for as long as the process lives.
            if (!assembly.TryGetRawMetadata(out var blob, out var length))
                throw new ArgumentException($"The assembly {assembly.FullName} can't be referenced: it has neither a file nor metadata in memory.");

            return AssemblyMetadata.Create(ModuleMetadata.CreateFromMetadata((nint)blob, length)).GetReference();
        }
    }

    private static List<MetadataReference> ReadFramework()
    {
        var folder = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? "";
        var known = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator);
        return known
            .Where(path => path.StartsWith(folder, StringComparison.OrdinalIgnoreCase) && File.Exists(path))
            .Select(MetadataReference (path) => MetadataReference.CreateFromFile(path))
            .ToList();
    }
}
