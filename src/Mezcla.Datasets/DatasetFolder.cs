namespace Mezcla.Datasets;

/// <summary>Finds the repository's <c>datasets/</c> folder on this machine.</summary>
public static class DatasetFolder
{
    /// <summary>The environment variable that names the folder, for when the search would not find it.</summary>
    public const string Variable = "MEZCLA_DATASETS";

    /// <summary>
    /// Finds the folder: <c>MEZCLA_DATASETS</c> if it is set; otherwise the first <c>datasets</c> folder with a <c>corpora</c> folder in
    /// it, looking from the working directory upwards and then from the folder of this assembly upwards.
    /// </summary>
    /// <returns>The full path of the folder.</returns>
    /// <exception cref="DirectoryNotFoundException">The folder was not found; the message says where the
    /// search looked and what to do.</exception>
    public static string Find() =>
        Find(Environment.GetEnvironmentVariable(Variable), Directory.GetCurrentDirectory(), AppContext.BaseDirectory);

    /// <summary>The full path of a file inside the folder, such as <c>PathOf("checkpoints", "moe.safetensors")</c>.</summary>
    /// <param name="parts">The path below <c>datasets/</c>, one part each.</param>
    /// <exception cref="DirectoryNotFoundException">There is no datasets folder.</exception>
    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Find(), .. parts]);

    internal static string Find(string? fromVariable, params ReadOnlySpan<string> starts)
    {
        if (!string.IsNullOrWhiteSpace(fromVariable))
        {
            return Directory.Exists(Path.Combine(fromVariable, "corpora"))
                ? Path.GetFullPath(fromVariable)
                : throw new DirectoryNotFoundException(
                    $"{Variable} is '{fromVariable}', but there is no folder 'corpora' in it. Set it to the 'datasets' folder of the " +
                        "Mezcla repository, or clear it.");
        }

        foreach (var start in starts)
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var candidate = Path.Combine(folder.FullName, "datasets");
                if (Directory.Exists(Path.Combine(candidate, "corpora")))
                    return candidate;
            }
        }
        throw new DirectoryNotFoundException(
            "The folder 'datasets' of the Mezcla repository was not found, looking upwards " +
                $"from {string.Join(" and from ", starts.ToArray().Select(s => $"'{s}'"))}. " +
            $"Run from inside the repository, or set {Variable} to that folder.");
    }
}
