namespace Mezcla.Interactive;

/// <summary>The libraries that the cells of the course use, and what cells import, the same in every kernel.</summary>
/// <remarks>It refers to nothing of .NET Interactive, so a host can use it without loading any of that.</remarks>
public static class CourseLibraries
{
    /// <summary>The names of the assemblies, without that of the notebooks' own library.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "Mezcla.Tensors", "Mezcla.BytePairs", "Mezcla", "Mezcla.Datasets", "Mezcla.Quantization", "Mezcla.Weights", "Mezcla.Scaling",
        "Mezcla.Charts", "Mezcla.Experiments",
    ];

    /// <summary>The using directives for a kernel that has none of this library, as C#.</summary>
    public static string Usings { get; } = ReadUsings();

    /// <summary>The namespaces of these libraries that cells import.</summary>
    public static IReadOnlyList<string> Namespaces { get; } =
    [
        .. Usings.Split('\n').Where(line => line.StartsWith("using Mezcla", StringComparison.Ordinal))
            .Select(line => line["using ".Length..].TrimEnd().TrimEnd(';')),
    ];

    private static string ReadUsings()
    {
        using var stream = typeof(CourseLibraries).Assembly.GetManifestResourceStream("usings.csx")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
