using System.Reflection;
using Mezcla.Notebooks;
using Mezcla.Tensors.Torch;

namespace Mezcla.Cli.Notebooks;

/// <summary>The environment of cells that the command <c>mezcla</c> runs, in the kernel or in the
/// notebook runner: the course's libraries are referenced and imported.</summary>
internal static class CourseHost
{
    // The engine references Mezcla.Notebooks by itself.
    private static readonly string[] Assemblies =
    [
        "Mezcla.Tensors", "Mezcla", "Mezcla.Datasets", "Mezcla.Quantization", "Mezcla.Weights", "Mezcla.Scaling", "Mezcla.Charts",
        "Mezcla.Experiments", "Mezcla.Kernel", "Mezcla.Tensors.Torch",
    ];

    // TorchSharp's managed part, so that a chapter can compare itself with it; its names are not imported.
    private const string Peer = "TorchSharp";

    // A name that ends in .* stands for the namespace and all namespaces below it. Namespaces without public types are left out.
    private static readonly string[] Namespaces =
    [
        "Mezcla", "Mezcla.Tensors", "Mezcla.Tokenization", "Mezcla.Layers", "Mezcla.MixtureOfExperts", "Mezcla.Models", "Mezcla.Training",
        "Mezcla.Generation", "Mezcla.Datasets", "Mezcla.Charts", "Mezcla.Scaling.*", "Mezcla.Quantization.*",
        "Mezcla.Weights.*", "Mezcla.Experiments.*", "Mezcla.Notebooks",
    ];

    /// <summary>The options of a cell engine with these references and imports.</summary>
    /// <param name="workingDirectory">The folder that relative paths in directives start from; null for the current directory.</param>
    public static CellEngineOptions Options(string? workingDirectory = null)
    {
        Assembly[] references = [.. Assemblies.Select(Assembly.Load)];
        var existing = new SortedSet<string>(
            references.Append(typeof(CellEngineOptions).Assembly).SelectMany(a => a.GetExportedTypes()).Select(t => t.Namespace ?? ""),
            StringComparer.Ordinal);
        return new CellEngineOptions
        {
            KernelName = "mezcla",
            References = references,
            Replaceable = [Assembly.Load(Peer)],
            Imports = [.. Namespaces.SelectMany(wanted => Existing(wanted, existing)).Distinct()],
            WorkingDirectory = workingDirectory,
            NativeLibrary = (file, others) => TorchLibrary.Loadable(file, others),
        };
    }

    private static IEnumerable<string> Existing(string wanted, SortedSet<string> existing)
    {
        if (!wanted.EndsWith(".*", StringComparison.Ordinal))
            return existing.Contains(wanted) ? [wanted] : [];
        var root = wanted[..^2];
        return existing.Where(name => name == root || name.StartsWith(root + ".", StringComparison.Ordinal));
    }
}
