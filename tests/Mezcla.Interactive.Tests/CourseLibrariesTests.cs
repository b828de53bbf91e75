using System.Reflection;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Cells;

namespace Mezcla.Interactive.Tests;

/// <summary>The using directives of the course name what there is, and all of it.</summary>
public sealed class CourseLibrariesTests
{
    // Infrastructure below the namespaces that cells use.
    private static readonly string[] NotForCells =
    [
        "Mezcla.Charts.Data", "Mezcla.Tensors.Devices", "Mezcla.Notebooks.Cells", "Mezcla.Notebooks.Documents", "Mezcla.Notebooks.Html",
        "Mezcla.Notebooks.Running",
    ];

    [Fact]
    public void Every_namespace_of_the_libraries_is_imported_and_no_other()
    {
        // The extension's own assembly has types of .NET Interactive, which are not here, so it cannot list all of them.
        var types = CourseLibraries.Names.Append("Mezcla.Notebooks").Select(name => Assembly.Load(name))
            .SelectMany(assembly => assembly.GetExportedTypes()).Append(typeof(DataFrames));
        var existing = types.Select(type => type.Namespace!).Distinct().Except(NotForCells).Order(StringComparer.Ordinal);
        Assert.Equal(existing, CourseLibraries.Namespaces.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_kernel_imports_the_same_namespaces_of_dotnet() =>
        Assert.Equal(CellEngineOptions.StandardImports.Select(name => $"using {name};"),
            CourseLibraries.Usings.Split('\n').Where(line => line.StartsWith("using System", StringComparison.Ordinal)));

    [Fact]
    public void Every_name_that_cells_can_call_is_imported_unless_dotnet_interactive_has_it()
    {
        // display and .Display(), Formatter and HTML are .NET Interactive's; a handle comes from its display. The others are the engine's.
        Type[] theirs =
        [
            typeof(CellFunctions), typeof(DisplayExtensions), typeof(DisplayHandle), typeof(Formatter), typeof(CellGuard),
            typeof(CellInterruptedException), typeof(CellExitException),
        ];
        var ours = typeof(CellFunctions).Assembly.GetExportedTypes().Where(type => type.Namespace == typeof(CellFunctions).Namespace);
        Assert.All(ours.Except(theirs), type => Assert.Contains($"{type.FullName};", CourseLibraries.Usings));
    }

    [Theory]
    [InlineData("new DataFrame()", "DataFrame is in Microsoft.Data.Analysis: add using Microsoft.Data.Analysis;")]
    [InlineData("using Plotly.NET.CSharp;\nChart.Lines()",
        "did you mean Line, or Mezcla.Charts.Chart.Lines? Chart is Plotly.NET.CSharp.Chart here.")]
    public async Task A_name_that_a_using_would_give_or_has_taken_is_explained(string code, string hint)
    {
        using var engine = Courses.Engine();
        var result = await engine.RunAsync(code, NoOutput.Instance);
        Assert.Contains(result.Error!.Traceback, line => line.Contains(hint, StringComparison.Ordinal));
    }
}
