namespace Mezcla.Interactive.Figures;

/// <summary>Texts of a chart as Plotly takes them.</summary>
internal static class PlotlyText
{
    /// <summary>Escapes a text, because Plotly interprets some tags in texts and data must not be read as tags.</summary>
    public static string Of(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
