using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>Options of a <see cref="CellEngine"/>: what its cells can use, and where they run.</summary>
public sealed record CellEngineOptions
{
    /// <summary>Namespaces of .NET that every cell imports.</summary>
    public static IReadOnlyList<string> StandardImports { get; } =
        ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks"];

    /// <summary>Assemblies that cells can use without <c>#r</c>, beyond .NET itself and this library.</summary>
    public IReadOnlyList<Assembly> References { get; init; } = [];

    /// <summary>Assemblies of the host that cells can use without <c>#r</c> as well, but that a package which a notebook restores replaces.
    /// The host and the cells share their types only as long as no package does.</summary>
    public IReadOnlyList<Assembly> Replaceable { get; init; } = [];

    /// <summary>Libraries of the host that cells get without <c>#r</c> once their code mentions them.</summary>
    public IReadOnlyList<LibrariesOnDemand> OnDemand { get; init; } = [];

    /// <summary>
    /// Namespaces that every cell imports, in addition to <see cref="StandardImports"/> and the display helpers. To import the static
    /// members of a type, write <c>static Full.Name</c>.
    /// </summary>
    public IReadOnlyList<string> Imports { get; init; } = [];

    /// <summary>
    /// Names of files, without folders, that <c>#!import</c> and <c>#load</c> pass over: they prepare other kernels for what this host
    /// has already. The files need not exist.
    /// </summary>
    public IReadOnlyList<string> ProvidedFiles { get; init; } = [];

    /// <summary>An object whose public members cells use like variables; its class must be public.</summary>
    public object? Globals { get; init; }

    /// <summary>
    /// The folder to which relative paths in <c>#r</c> and <c>#load</c> refer, and which the notebook is told is its folder. The default
    /// is the current directory. The process's current directory is not changed.
    /// </summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The kernel's name in messages and in <c>#!about</c>.</summary>
    public string KernelName { get; init; } = "Mezcla.Notebooks";

    /// <summary>Which file to load in place of a native library of a restored package, given it
    /// and all native files of these packages; by default the file itself.</summary>
    public Func<string, IReadOnlyCollection<string>, string>? NativeLibrary { get; init; }

    /// <summary>The folder for the generated projects that restore NuGet
    /// packages. The default is in the user's local application data.</summary>
    public string? PackageCache { get; init; }
}
