using System.Reflection;
using Mezcla.Notebooks;

namespace Mezcla.Interactive.Tests;

/// <summary>Cells with the course's libraries, as its own kernel runs them.</summary>
internal static class Courses
{
    /// <summary>An engine.</summary>
    public static CellEngine Engine() => new(new CellEngineOptions
    {
        References = [.. CourseLibraries.Names.Select(Assembly.Load), typeof(DataFrames).Assembly],
        Imports = CourseLibraries.Namespaces,
        OnDemand = PackagesOnDemand.All,
    });

    /// <summary>Runs a cell that must succeed and gives what it shows.</summary>
    public static async Task<MimeBundle> Run(CellEngine engine, string code)
    {
        var result = await engine.RunAsync(code, NoOutput.Instance);
        Assert.True(result.Error is null, result.Error?.Message);
        return result.Value!;
    }
}
