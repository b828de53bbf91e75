using Mezcla.Notebooks;
using Mezcla.Notebooks.Html;
using Plotly.NET;

namespace Mezcla.Interactive;

/// <summary>plotly.js, the copy that the package Plotly.NET carries, so that charts are drawn without a network.</summary>
public static class PlotlyLibrary
{
    private const string Start = "Plotly.NET.plotly-", End = ".min.js";

    /// <summary>plotly.js and how it draws a figure.</summary>
    public static ScriptLibrary Script { get; } = new(MimeBundle.Plotly, Open);

    private static Stream Open()
    {
        var assembly = typeof(GenericChart).Assembly;
        var name = assembly.GetManifestResourceNames().Single(name => name.StartsWith(Start, StringComparison.Ordinal)
            && name.EndsWith(End, StringComparison.Ordinal));
        return assembly.GetManifestResourceStream(name)!;
    }
}
