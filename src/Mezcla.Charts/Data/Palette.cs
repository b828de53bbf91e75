using System.Text;
using System.Text.RegularExpressions;

namespace Mezcla.Charts.Data;

/// <summary>
/// The colours for light and for dark backgrounds. The eight colours for series differ in lightness or hue for readers with any of the
/// three kinds of colour blindness (a test simulates them). Each has a contrast of at least 3:1 to its background (WCAG 2.2, 1.4.11).
/// </summary>
public static partial class Palette
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
    /// The CSS rules that the elements of a picture need, so that a notebook with twenty pictures does not hold them all twenty times.
    /// They follow the reader's theme: that of JupyterLab, VS Code or a page that sets <c>data-theme</c>, and otherwise the system's.
    /// Printed charts are always light.
    /// </summary>
    /// <param name="content">The picture's elements.</param>
    internal static string StyleFor(string content)
    {
        var used = Classes().Matches(content).SelectMany(match => match.Groups[1].Value.Split(' ')).ToHashSet(StringComparer.Ordinal);
        int[] series = [.. Enumerable.Range(0, Count).Where(i => "fstlg".Any(kind => used.Contains($"{kind}{i}")))];
        var shaded = Shades.Any(rule => used.Contains(rule.Class));
        var css = new StringBuilder()
            .Append(Themed(".mzc", Variables(series, shaded, Light, LightPaper, LightInk, LightMuted, LightGrid, LightHeat, LightCold),
                Variables(series, shaded, Dark, DarkPaper, DarkInk, DarkMuted, DarkGrid, DarkHeat, DarkCold)))
            .Append(".mzc{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif}")
            .Append(".mzc text{fill:var(--i)}");
        foreach (var (name, rule) in Rules.Concat(Shades).Where(rule => used.Contains(rule.Class)))
            css.Append(rule.Replace("@", $".mzc .{name}", StringComparison.Ordinal));
        foreach (var i in series)
        {
            if (used.Contains($"f{i}"))
                css.Append($".mzc .f{i}{{fill:var(--s{i})}}");
            if (used.Contains($"s{i}"))
                css.Append($".mzc .s{i}{{stroke:var(--s{i})}}");
            if (used.Contains($"t{i}"))
                css.Append($".mzc .t{i}{{fill:var(--s{i});font-weight:600}}");
            if (used.Contains($"l{i}"))
                css.Append($".mzc:has(.l{i}:hover) .g:not(.g{i}){{opacity:.12}}");
        }

        return css.ToString();
    }

    // Rules for classes; @ stands for the selector.
    private static readonly (string Class, string Rule)[] Rules =
    [
        ("mu", "@{fill:var(--m)}"), ("pa", "@{fill:var(--p)}"), ("ps", "@{stroke:var(--p)}"), ("gr", "@{stroke:var(--g)}"),
        ("ax", "@{stroke:var(--m)}"), ("hv", "@{opacity:0}@:hover{opacity:1}@ rect{fill:transparent}"),
        ("ha", "@{paint-order:stroke;stroke:var(--p);stroke-width:4px;stroke-linejoin:round}"),
    ];

    // The same for shades between two colours.
    private static readonly (string Class, string Rule)[] Shades =
    [
        ("ht", "@{fill:var(--h)}"), ("cd", "@{fill:var(--c)}"), ("hs", "@{stop-color:var(--h)}"), ("cs", "@{stop-color:var(--c)}"),
    ];

    [GeneratedRegex("class=\"([^\"]*)\"")]
    private static partial Regex Classes();

    /// <summary>CSS rules that set the variables of a class for each theme, each theme's once. Dark ones are for screens.</summary>
    internal static string Themed(string selector, string light, string dark) =>
        $"{selector},[data-theme=light] {selector},[data-jp-theme-light=true] {selector},.vscode-light {selector}{{{light}}}" +
        $"@media screen and (prefers-color-scheme:dark){{{selector}{{{dark}}}}}" +
        $"@media screen{{[data-theme=dark] {selector},[data-jp-theme-light=false] {selector},.vscode-dark {selector}," +
        $".vscode-high-contrast {selector}{{{dark}}}}}";

    private static string Variables(int[] series, bool shaded, string[] colours, string paper, string ink, string muted, string grid,
        string heat, string cold) =>
        string.Concat(series.Select(i => $"--s{i}:{colours[i]};")) + $"--p:{paper};--i:{ink};--m:{muted};--g:{grid}"
            + (shaded ? $";--h:{heat};--c:{cold}" : "");
}
