namespace Mezcla.Architecture.Tests;

/// <summary>The plan of the house, which the tests hold the code to. Change a rule here and nowhere else.</summary>
internal static class House
{
    /// <summary>
    /// What each project may refer to, besides what its own references may refer to. A project stands below all that it refers to, so
    /// there is no circle.
    /// </summary>
    public static readonly IReadOnlyList<(string Project, string[] MayUse)> Projects =
    [
        ("Mezcla.Tensors", []),
        ("Mezcla.Tensors.Cpu", ["Mezcla.Tensors"]),
        ("Mezcla.Tensors.OpenCl", ["Mezcla.Tensors"]),
        ("Mezcla.Tensors.Torch", ["Mezcla.Tensors"]),
        ("Mezcla.BytePairs", []),
        ("Mezcla", ["Mezcla.BytePairs", "Mezcla.Tensors"]),
        ("Mezcla.Distributed", ["Mezcla"]),
        ("Mezcla.Datasets", ["Mezcla.Tensors"]),
        ("Mezcla.Quantization", ["Mezcla", "Mezcla.Tensors.Cpu", "Mezcla.Tensors.OpenCl"]),
        ("Mezcla.Weights", ["Mezcla", "Mezcla.Quantization"]),
        ("Mezcla.Scaling", ["Mezcla"]),
        ("Mezcla.Charts", []),
        ("Mezcla.Experiments", ["Mezcla.Charts", "Mezcla.Datasets", "Mezcla.Scaling", "Mezcla.Weights"]),
        ("Mezcla.Notebooks", []),
        ("Mezcla.Kernel", ["Mezcla.Notebooks"]),
        ("Mezcla.Learn", ["Mezcla.Notebooks"]),
        ("Mezcla.Interactive", ["Mezcla.Experiments", "Mezcla.Weights", "Mezcla.Tensors.Torch", "Mezcla.Notebooks"]),
        ("Mezcla.Cli",
        [
            "Mezcla.Tensors.Cpu", "Mezcla.Tensors.OpenCl", "Mezcla.Tensors.Torch", "Mezcla.Distributed", "Mezcla.Weights",
            "Mezcla.Experiments", "Mezcla.Kernel", "Mezcla.Learn", "Mezcla.Interactive",
        ]),
    ];

    /// <summary>The folders of a project in reading order: what stands in one refers only to that folder and to those before it.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Folders = new Dictionary<string, string[]>
    {
        ["Mezcla.Tensors"] = ["Contract", "Plain", "Devices", "Autograd", "Operations", "Optimization"],
        ["Mezcla"] = ["Tokenization", "Layers", "MixtureOfExperts", "Models", "Training", "Generation"],
    };

    /// <summary>Simple names that top-level types of two production assemblies may share, and why.</summary>
    public static readonly IReadOnlyDictionary<string, string> SharedNames = new Dictionary<string, string>
    {
        ["Program"] = "the entry point of each program",
    };

    /// <summary>Columns of a line of C# in src and tests.</summary>
    public const int SourceColumns = 140;

    /// <summary>Columns of a line of code in a notebook.</summary>
    public const int NotebookColumns = 100;

    /// <summary>What each project may refer to, directly or through others.</summary>
    public static HashSet<string> Reachable(string project)
    {
        var all = new HashSet<string>();
        foreach (var used in Projects.Single(p => p.Project == project).MayUse)
        {
            all.Add(used);
            all.UnionWith(Reachable(used));
        }

        return all;
    }
}
