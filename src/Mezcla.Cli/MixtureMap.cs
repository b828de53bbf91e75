using System.Globalization;
using System.Text;

namespace Mezcla.Cli;

/// <summary>
/// The picture of the course: what one layer of a Mixture of Experts does with a token. One SVG element that stands alone, for the site's cover and, as
/// <c>notebooks/images/mixture.svg</c>, for the README; light or dark as its surroundings are, light on paper.
/// </summary>
internal static class MixtureMap
{
    private const int Width = 680, Height = 606, Experts = 16, Left = 50, Right = 630;

    // What a router might say: made up, with two experts well ahead, as a trained router often has it.
    private static readonly double[] Weights = [.02, .05, .03, .08, .62, .04, .02, .06, .03, .05, .02, .42, .04, .03, .07, .02];
    private static readonly (int Expert, string Share, int Colour)[] Chosen = [(4, "0.6", 1), (11, "0.4", 2)];
    private static readonly string[] Tokens = ["Call", "me", "Ish", "ma", "el"];
    private const int Current = 2;

    private const string Light = "--p:#fff;--f:#f4f6f9;--i:#1c1f26;--m:#566070;--g:#b9c0cc;--o:#fff;--c1:#2f5bb7;--c2:#a84e0a";
    private const string Dark = "--p:#14161a;--f:#1e2229;--i:#e4e7ec;--m:#a6aebb;--g:#4a515d;--o:#14161a;--c1:#8fb3ff;--c2:#ffb074";

    private const string Style =
        ".mixture{" + Light + "}@media(prefers-color-scheme:dark){:root:not([data-theme=light]) .mixture{" + Dark + "}}:root[data-theme=dark] .mixture{" + Dark + "}" +
        "@media print{:root .mixture,:root[data-theme=dark] .mixture,:root:not([data-theme=light]) .mixture{" + Light + "}}" +
        ".mixture text{font:20px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif;fill:var(--i)}" +
        ".mixture .mu{fill:var(--m)}.mixture .mid{text-anchor:middle}.mixture .b{font-weight:600}.mixture .paper{fill:var(--p)}.mixture .panel{fill:var(--f);stroke:var(--g)}" +
        ".mixture .box{fill:var(--p);stroke:var(--g);stroke-width:1.5}.mixture .line{stroke:var(--m);stroke-width:2;fill:none}.mixture .faint{stroke:var(--g);stroke-width:1.2}" +
        ".mixture .rest{fill:var(--g)}.mixture .n{font-size:17px}.mixture .on{fill:var(--o);font-weight:600}.mixture .tip{fill:var(--m)}" +
        ".mixture .f1{fill:var(--c1)}.mixture .f2{fill:var(--c2)}.mixture .s1{stroke:var(--c1)}.mixture .s2{stroke:var(--c2)}.mixture .w{stroke-width:3;fill:none}";

    /// <summary>What the picture is called.</summary>
    public const string Title = "A layer of a Mixture of Experts: the router sends a token to 2 of 16 experts, and their answers are added";

    /// <summary>The picture.</summary>
    public static string ToSvg()
    {
        var svg = new StringBuilder($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" style=\"max-width:100%;height:auto\" role=\"img\" aria-labelledby=\"mixture-title mixture-text\">");
        svg.Append($"<title id=\"mixture-title\">{Title}</title>");
        svg.Append("<desc id=\"mixture-text\">Tokens enter a layer. Attention lets the token “Ish” look at those before it. The router gives sixteen experts a weight; experts 5 and 12 have the highest, compute, and their answers are added with shares 0.6 and 0.4. " +
            "The other fourteen rest. The sum goes on to the next layer; 120 layers, as rumoured of GPT-4, give the next token.</desc>");
        svg.Append($"<style>{Style}</style><g class=\"mixture\"><rect class=\"paper\" width=\"{Width}\" height=\"{Height}\" rx=\"10\"/>");
        TokenRow(svg);
        // The layers behind this one.
        Box(svg, "panel", 44, 74, 616, 424, 12);
        Box(svg, "panel", 34, 82, 616, 424, 12);
        Box(svg, "panel", 24, 90, 616, 424, 12);
        Text(svg, "mu", 660, 62, "× 120 layers, rumoured", "end");
        Line(svg, TokenCentre(Current), 56, TokenCentre(Current), 104);
        Tip(svg, TokenCentre(Current), 110);

        Box(svg, "box", Left, 110, Right - Left, 40, 8);
        Text(svg, "mid", Width / 2, 136, "attention: looks at the tokens before");
        Line(svg, Width / 2, 150, Width / 2, 176);
        Tip(svg, Width / 2, 182);
        Text(svg, "", Left, 200, "router");
        Text(svg, "mu", Left + 68, 200, "a weight for each");
        Text(svg, "mu", Right, 200, "2 of 16 are chosen", "end");

        ExpertRow(svg);

        svg.Append("<circle class=\"box\" cx=\"340\" cy=\"432\" r=\"20\"/><path class=\"line\" d=\"M330 432h20M340 422v20\"/>");
        Text(svg, "mu", 376, 438, "added, each with its share");
        Line(svg, 340, 452, 340, 540);
        Tip(svg, 340, 546);
        Text(svg, "mu", 356, 496, "to the next layer");
        Box(svg, "box", 286, 548, 108, 40, 20);
        Text(svg, "mid b", 340, 574, Tokens[Current + 1]);
        Text(svg, "mu", 270, 574, "after the last layer", "end");
        Text(svg, "mu", 410, 574, "the next token");
        return svg.Append("</g></svg>").ToString();
    }

    private static void TokenRow(StringBuilder svg)
    {
        Text(svg, "mu", 24, 42, "tokens");
        for (var i = 0; i <= Current; i++)
        {
            var centre = TokenCentre(i);
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"box{(i == Current ? " s1" : "")}\"{(i == Current ? " style=\"stroke-width:3\"" : "")} x=\"{centre - 38}\" y=\"16\" width=\"76\" height=\"40\" rx=\"20\"/>");
            Text(svg, i == Current ? "mid b" : "mid", centre, 42, Tokens[i]);
        }
        Text(svg, "mu", TokenCentre(Current) + 52, 42, "…");
    }

    private static void ExpertRow(StringBuilder svg)
    {
        for (var i = 0; i < Experts; i++)
        {
            var (x, on) = (ExpertCentre(i), Array.Find(Chosen, c => c.Expert == i && c.Share is not null));
            var (lit, height) = (on.Share is not null, Weights[i] * 110);
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{(lit ? $"f{on.Colour}" : "rest")}\" x=\"{x - 11:0.##}\" y=\"{290 - height:0.##}\" width=\"22\" height=\"{height:0.##}\" rx=\"2\"/>");
            if (lit)
                svg.Append(CultureInfo.InvariantCulture, $"<path class=\"w s{on.Colour}\" d=\"M{x:0.##} 292V304\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{(lit ? $"f{on.Colour}" : "box")}\" x=\"{x - 15:0.##}\" y=\"304\" width=\"30\" height=\"44\" rx=\"6\"/>");
            Text(svg, lit ? "mid n on" : "mid n mu", x, 331, (i + 1).ToString(CultureInfo.InvariantCulture));
            if (lit)
            {
                var side = x < 340 ? -1 : 1;
                svg.Append(CultureInfo.InvariantCulture, $"<path class=\"w s{on.Colour}\" d=\"M{x:0.##} 348C{x:0.##} 400 {340 + (side * 60)} 392 {340 + (side * 15)} 419\"/>");
                Text(svg, "b", x + (side * 14), 388, "× " + on.Share, side < 0 ? "end" : "start");
            }
        }
        svg.Append($"<path class=\"faint\" d=\"M{Left} 290H{Right}\"/>");
        Text(svg, "mu", Left, 376, "experts");
    }

    private static int TokenCentre(int i) => 140 + (i * 100);

    private static double ExpertCentre(int i) => Left + ((i + 0.5) * (Right - Left) / Experts);

    private static void Box(StringBuilder svg, string kind, int x, int y, int width, int height, int radius) =>
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{kind}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>");

    private static void Line(StringBuilder svg, int x, int y, int x2, int y2) =>
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"line\" d=\"M{x} {y}L{x2} {y2}\"/>");

    private static void Tip(StringBuilder svg, int x, int y) =>
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"tip\" d=\"M{x} {y}l-6 -10h12z\"/>");

    private static void Text(StringBuilder svg, string kind, double x, double y, string text, string anchor = "") =>
        svg.Append(CultureInfo.InvariantCulture, $"<text{(kind.Length > 0 ? $" class=\"{kind}\"" : "")}{(anchor.Length > 0 ? $" text-anchor=\"{anchor}\"" : "")} x=\"{x:0.##}\" y=\"{y:0.##}\">{text}</text>");
}
