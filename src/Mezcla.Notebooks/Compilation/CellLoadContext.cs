using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Mezcla.Notebooks;

/// <summary>
/// Loads an engine's cells and the assemblies that they reference with <c>#r</c>. Assemblies of .NET and of the host's references are
/// shared, so that cells and host use the same types. The host's other libraries are not shared, so cells may load their own versions.
/// </summary>
internal sealed class CellLoadContext : AssemblyLoadContext
{
    private readonly Dictionary<string, string> _paths = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _native = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Version?> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _hostName;
    private readonly Func<string, IReadOnlyCollection<string>, string>? _substitute;

    public CellLoadContext(
        IEnumerable<Assembly> shared, string hostName, Func<string, IReadOnlyCollection<string>, string>? substitute = null)
        : base("cells")
    {
        (_hostName, _substitute) = (hostName, substitute);
        foreach (var path in References.FrameworkFiles)
            _hosts[Path.GetFileNameWithoutExtension(path)] = null;

        foreach (var assembly in shared)
            _hosts[assembly.GetName().Name!] = assembly.GetName().Version;
    }

    /// <summary>Whether an assembly of this name comes from .NET or the host.</summary>
    public bool IsHosts(string assemblyName) => _hosts.ContainsKey(assemblyName);

    /// <summary>Shares an assembly of the host with the cells from now on.</summary>
    public void AddHosts(Assembly assembly) => _hosts[assembly.GetName().Name!] = assembly.GetName().Version;

    /// <summary>Whether a directive has named a file for this assembly.</summary>
    public bool HasPath(string assemblyName) => _paths.ContainsKey(assemblyName);

    /// <summary>Makes an assembly loadable.</summary>
    /// <param name="assemblyName">Its simple name.</param>
    /// <param name="path">Its file.</param>
    /// <param name="note">A message for the user if another version stays in use, or null.</param>
    /// <returns>Whether it will be loaded from this file.</returns>
    public bool AddPath(string assemblyName, string path, out string? note)
    {
        note = null;
        if (IsHosts(assemblyName))
        {
            var used = _hosts[assemblyName] ?? Assembly.Load(new AssemblyName(assemblyName)).GetName().Version!;
            var wanted = AssemblyName.GetAssemblyName(path).Version!;
            if (used < wanted)
                note = $"{assemblyName}: {_hostName} itself uses version {used}, so cells get that version, not {wanted} " +
                    $"from {Path.GetFileName(path)}.";

            return false;
        }

        if (_paths.TryGetValue(assemblyName, out var known) && known != path
            && Assemblies.FirstOrDefault(assembly => assembly.GetName().Name == assemblyName) is { } loaded)
        {
            note = $"{assemblyName} {loaded.GetName().Version} is already in use in this session; restart the kernel to load {path}.";
            return false;
        }

        _paths[assemblyName] = path;
        return true;
    }

    /// <summary>Makes satellite assemblies loadable. The last folder of each path is the culture.</summary>
    public void AddResources(IEnumerable<string> files)
    {
        foreach (var file in files)
            _paths[Path.GetFileName(Path.GetDirectoryName(file)) + "/" + Path.GetFileNameWithoutExtension(file)] = file;
    }

    public void AddNative(IEnumerable<string> files)
    {
        foreach (var file in files)
            _native.TryAdd(Path.GetFileName(file), file);
    }

    public Assembly Load(MemoryStream image, MemoryStream symbols)
    {
        (image.Position, symbols.Position) = (0, 0);
        var assembly = LoadFromStream(image, symbols);
        CellAssemblies.Register(assembly, symbols);
        return assembly;
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var name = string.IsNullOrEmpty(assemblyName.CultureName) ? assemblyName.Name! : assemblyName.CultureName + "/" + assemblyName.Name;
        if (_paths.TryGetValue(name, out var path))
            return LoadFromAssemblyPath(path);

        return Assemblies.FirstOrDefault(assembly => assembly.IsDynamicCell() && assembly.GetName().Name == name);
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        var extension = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? ".dll" : RuntimeInformation.IsOSPlatform(OSPlatform.OSX)
            ? ".dylib" : ".so";
        foreach (var candidate in new[] { unmanagedDllName, unmanagedDllName + extension, "lib" + unmanagedDllName,
            "lib" + unmanagedDllName + extension })
        {
            if (_native.TryGetValue(candidate, out var path))
                return LoadUnmanagedDllFromPath(_substitute?.Invoke(path, _native.Values) ?? path);
        }

        return 0;
    }
}
