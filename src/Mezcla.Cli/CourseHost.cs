using System.Reflection;
using Mezcla.Notebooks;

namespace Mezcla.Cli;

/// <summary>What cells find when the command <c>mezcla</c> runs them, in a kernel or in the notebook runner: the course's libraries, imported.</summary>
internal static class CourseHost
{
    // Mezcla.Notebooks is missing because the engine references itself.
    private static readonly string[] Assemblies =
    [
        "Mezcla.Tensors", "Mezcla", "Mezcla.Quantization", "Mezcla.Weights", "Mezcla.Scaling", "Mezcla.Charts", "Mezcla.Experiments", "Mezcla.Kernel",
    ];

    // A name that ends in .* stands for the namespace and all below it. Those that hold nothing public are left out.
    private static readonly string[] Namespaces =
    [
        "Mezcla", "Mezcla.Tensors", "Mezcla.Tokenization", "Mezcla.Layers", "Mezcla.MixtureOfExperts", "Mezcla.Models", "Mezcla.Training",
        "Mezcla.Generation", "Mezcla.Datasets", "Mezcla.Checkpoints", "Mezcla.Charts", "Mezcla.Scaling.*", "Mezcla.Quantization.*",
        "Mezcla.Weights.*", "Mezcla.Experiments.*", "Mezcla.Notebooks",
    ];

    /// <summary>References and imports for cells, with this folder as theirs.</summary>
    /// <param name="workingDirectory">Where relative paths in directives start; null for the current directory.</param>
    public static CellEngineOptions Options(string? workingDirectory = null)
    {
        Assembly[] references = [.. Assemblies.Select(Assembly.Load)];
        var existing = new SortedSet<string>(
            references.Append(typeof(CellEngineOptions).Assembly).SelectMany(a => a.GetExportedTypes()).Select(t => t.Namespace ?? ""), StringComparer.Ordinal);
        return new CellEngineOptions
        {
            KernelName = "mezcla",
            References = references,
            Imports = [.. Namespaces.SelectMany(wanted => Existing(wanted, existing)).Distinct()],
            WorkingDirectory = workingDirectory,
        };
    }

    private static IEnumerable<string> Existing(string wanted, SortedSet<string> existing)
    {
        if (!wanted.EndsWith(".*", StringComparison.Ordinal))
            return existing.Contains(wanted) ? [wanted] : [];
        string root = wanted[..^2];
        // A claim in a cell is the one that shows itself there; those of claim files are called by their full name.
        return existing.Where(name => (name == root || name.StartsWith(root + ".", StringComparison.Ordinal)) && name != "Mezcla.Scaling.Claims");
    }
}
