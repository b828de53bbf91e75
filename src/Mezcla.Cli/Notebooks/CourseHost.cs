using System.Reflection;
using Mezcla.Interactive;
using Mezcla.Notebooks;
using Mezcla.Tensors.Torch;

namespace Mezcla.Cli.Notebooks;

/// <summary>The environment of cells that the command <c>mezcla</c> runs, in the kernel or in the
/// notebook runner: the course's libraries are referenced and imported.</summary>
internal static class CourseHost
{
    // TorchSharp's managed part, so that a chapter can compare itself with it; its names are not imported.
    private const string Peer = "TorchSharp";

    /// <summary>The options of a cell engine with these references and imports.</summary>
    /// <param name="workingDirectory">The folder that relative paths in directives start from; null for the current directory.</param>
    public static CellEngineOptions Options(string? workingDirectory = null)
    {
        // The engine references Mezcla.Notebooks by itself.
        Assembly[] references =
        [
            .. CourseLibraries.Names.Concat(["Mezcla.Kernel", "Mezcla.Tensors.Torch"]).Select(Assembly.Load),
            typeof(CourseLibraries).Assembly,
        ];
        return new CellEngineOptions
        {
            KernelName = "mezcla",
            References = references,
            OnDemand = PackagesOnDemand.All,
            Replaceable = [Assembly.Load(Peer)],
            Imports = CourseLibraries.Namespaces,
            ProvidedFiles = ["mezcla.csx"],
            WorkingDirectory = workingDirectory,
            NativeLibrary = (file, others) => TorchLibrary.Loadable(file, others),
        };
    }
}
