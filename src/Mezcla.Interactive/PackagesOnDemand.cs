using Mezcla.Interactive.Figures;
using Mezcla.Interactive.Frames;
using Mezcla.Notebooks;
using Microsoft.Data.Analysis;
using Plotly.NET;

namespace Mezcla.Interactive;

/// <summary>The packages that cells of this course's own kernel get without <c>#r</c> once their code mentions them.</summary>
public static class PackagesOnDemand
{
    /// <summary>Data frames: Microsoft.Data.Analysis.</summary>
    public static LibrariesOnDemand Frames { get; } = new(
        ["DataFrame", "Microsoft.Data.Analysis"],
        ["Microsoft.Data.Analysis", "Microsoft.ML.DataView", "Apache.Arrow"],
        FrameForms);

    /// <summary>Interactive charts: Plotly.NET and Plotly.NET.CSharp.</summary>
    public static LibrariesOnDemand Plotly { get; } = new(
        ["Plotly"],
        ["Plotly.NET", "Plotly.NET.CSharp", "FSharp.Core", "DynamicObj", "Giraffe.ViewEngine", "Newtonsoft.Json"],
        PlotlyForms);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<LibrariesOnDemand> All { get; } = [Frames, Plotly];

    // The packages' types are mentioned here alone, so that nothing is loaded before a cell asks for it.
    private static IEnumerable<TypeForm> FrameForms() =>
        [new(typeof(DataFrame), value => DataFrameForm.Of((DataFrame)value))];

    private static IEnumerable<TypeForm> PlotlyForms() =>
        [new(typeof(GenericChart), value => PlotlyForm.Of((GenericChart)value))];
}
