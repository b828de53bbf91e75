using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>What the host gives the cells of an engine.</summary>
public sealed record CellEngineOptions
{
    /// <summary>Assemblies that cells can use without <c>#r</c>, beyond .NET itself and this library.</summary>
    public IReadOnlyList<Assembly> References { get; init; } = [];

    /// <summary>
    /// Namespaces open in every cell beyond System, System.Collections.Generic, System.IO, System.Linq, System.Threading,
    /// System.Threading.Tasks and the display helpers. A type is opened as <c>static Full.Name</c>.
    /// </summary>
    public IReadOnlyList<string> Imports { get; init; } = [];

    /// <summary>An object whose public members cells use like variables; its class must be public.</summary>
    public object? Globals { get; init; }

    /// <summary>
    /// Where relative paths in <c>#r</c> and <c>#load</c> start, and what the notebook is told is its folder. By default the current
    /// directory. The process's current directory is not changed.
    /// </summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>What calls itself the kernel in messages and in <c>#!about</c>.</summary>
    public string KernelName { get; init; } = "Mezcla.Notebooks";

    /// <summary>Which file to load in place of a native library of a restored package, given it
    /// and all native files of these packages; by default the file itself.</summary>
    public Func<string, IReadOnlyCollection<string>, string>? NativeLibrary { get; init; }

    /// <summary>Where restored NuGet packages' project files are kept; by default in the user's local application data.</summary>
    public string? PackageCache { get; init; }
}
