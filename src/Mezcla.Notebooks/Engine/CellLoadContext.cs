using System.Reflection;
using System.Runtime.Loader;

namespace Mezcla.Notebooks;

/// <summary>Where an engine's cells, and the assemblies they ask for by <c>#r</c>, are loaded. What the host has is taken from the host.</summary>
internal sealed class CellLoadContext() : AssemblyLoadContext("cells")
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);

    public void AddPath(string assemblyName, string path) => _paths[assemblyName] = path;

    public Assembly Load(MemoryStream image, MemoryStream symbols)
    {
        image.Position = 0;
        symbols.Position = 0;
        return LoadFromStream(image, symbols);
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name is { } name && _paths.TryGetValue(name, out var path) ? LoadFromAssemblyPath(path) : null;
}
