using System.Text;

namespace Mezcla.Charts.Data;

/// <summary>
/// The colours for light and for dark backgrounds. The eight colours for series differ in lightness or hue for readers with any of the
/// three kinds of colour blindness (a test simulates them). Each has a contrast of at least 3:1 to its background (WCAG 2.2, 1.4.11).
/// </summary>
public static class Palette
{
    internal static readonly string[] Light = ["#3f5ead", "#de5505", "#458c5a", "#a32282", "#715623", "#1499dd", "#955252", "#41464f"];
    internal static readonly string[] Dark = ["#2489ef", "#f3862d", "#0ebc99", "#e88ddd", "#ebc43c", "#b1e0f6", "#ba8c5e", "#c1c1c1"];

    /// <summary>The light background.</summary>
    public const string LightPaper = "#ffffff";

    /// <summary>Text on the light background.</summary>
    public const string LightInk = "#1b1e24";

    /// <summary>Less important text and lines on the light background.</summary>
    public const string LightMuted = "#5a6170";

    /// <summary>The grid on the light background.</summary>
    public const string LightGrid = "#e4e7ec";

    /// <summary>The darkest shade of positive values on the light background.</summary>
    public const string LightHeat = "#08306b";

    /// <summary>The darkest shade of negative values on the light background.</summary>
    public const string LightCold = "#a63603";

    internal const string DarkPaper = "#16181d", DarkInk = "#e8eaee", DarkMuted = "#a4acba", DarkGrid = "#343944", DarkHeat = "#9fd3ff",
        DarkCold = "#ffb37a";

    internal static int Count => Light.Length;

    /// <summary>The attributes that give an element series i's colour as its fill. The attribute is for SVG viewers that do not support CSS
    /// variables.</summary>
    internal static string Fill(int series) => $"class=\"f{series % Count}\" fill=\"{Light[series % Count]}\"";

    /// <summary>The attributes that give an element series i's colour as its stroke. The stroke is dashed for series after the first eight,
    /// whose colours repeat.</summary>
    internal static string Stroke(int series, double width = 2) =>
        $"class=\"s{series % Count}\" fill=\"none\" stroke=\"{Light[series % Count]}\" stroke-width=\"{Svg.F(width)}\"" +
            (series >= Count ? " stroke-dasharray=\"6 4\"" : "");

    /// <summary>
    /// The CSS rules that follow the reader's theme: that of JupyterLab, VS Code or a page that sets <c>data-theme</c>, and otherwise the
    /// system's. Printed charts are always light.
    /// </summary>
    internal static string StyleSheet { get; } = BuildStyleSheet();

    private static string BuildStyleSheet()
    {
        var light = Variables(Light, LightPaper, LightInk, LightMuted, LightGrid, LightHeat, LightCold);
        var dark = Variables(Dark, DarkPaper, DarkInk, DarkMuted, DarkGrid, DarkHeat, DarkCold);
        var css = new StringBuilder()
            .Append(Themed(".mzc", light, dark))
            .Append(".mzc{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif}")
            .Append(
                ".mzc text{fill:var(--i)}.mzc .mu{fill:var(--m)}.mzc .pa{fill:var(--p)}.mzc .ps{stroke:var(--p)}.mzc " +
                    ".gr{stroke:var(--g)}.mzc .ax{stroke:var(--m)}")
            .Append(".mzc .ht{fill:var(--h)}.mzc .cd{fill:var(--c)}.mzc .hs{stop-color:var(--h)}.mzc .cs{stop-color:var(--c)}")
            .Append(
                ".mzc .hv{opacity:0}.mzc .hv:hover{opacity:1}.mzc .hv rect{fill:transparent}.mzc " +
                    ".ha{paint-order:stroke;stroke:var(--p);stroke-width:4px;stroke-linejoin:round}");
        for (var i = 0; i < Count; i++)
            css.Append(
                $".mzc .f{i}{{fill:var(--s{i})}}.mzc .s{i}{{stroke:var(--s{i})}}.mzc " +
                    $".t{i}{{fill:var(--s{i});font-weight:600}}.mzc:has(.l{i}:hover) .g:not(.g{i}){{opacity:.12}}");
        return css.ToString();
    }

    /// <summary>CSS rules that set the variables of a class for each theme.</summary>
    internal static string Themed(string selector, string light, string dark) =>
        $"{selector}{{{light}}}@media(prefers-color-scheme:dark){{{selector}{{{dark}}}}}" +
        $"[data-theme=light] {selector},[data-jp-theme-light=true] {selector},.vscode-light {selector}{{{light}}}" +
        $"[data-theme=dark] {selector},[data-jp-theme-light=false] {selector},.vscode-dark {selector},.vscode-high-contrast {selector}{{" +
        $"{dark}}}" +
        $"@media print{{html body {selector}{{{light}}}}}";

    private static string Variables(string[] series, string paper, string ink, string muted, string grid, string heat, string cold) =>
        string.Concat(series.Select((colour, i) => $"--s{i}:{colour};")) +
            $"--p:{paper};--i:{ink};--m:{muted};--g:{grid};--h:{heat};--c:{cold}";
}
