namespace Mezcla.Charts;

/// <summary>Draws the arrows of a diagram: a straight line or a curve with one bend, and a filled tip.</summary>
internal static class DiagramArrow
{
    /// <summary>Draws an arrow.</summary>
    /// <param name="svg">The SVG that it is written to.</param>
    /// <param name="x1">The x coordinate where it begins.</param>
    /// <param name="y1">The y coordinate where it begins.</param>
    /// <param name="x2">The x coordinate of its tip.</param>
    /// <param name="y2">The y coordinate of its tip.</param>
    /// <param name="bend">How far its middle is moved to its left.</param>
    /// <param name="pen">The attributes of the line.</param>
    /// <param name="ink">The attributes of the tip.</param>
    /// <param name="width">The thickness of the line.</param>
    public static void Draw(Svg svg, double x1, double y1, double x2, double y2, double bend, string pen, string ink, double width)
    {
        var (cx, cy) = Control(x1, y1, x2, y2, bend);
        var (dx, dy) = (x2 - cx, y2 - cy);
        var length = Math.Max(Math.Sqrt(dx * dx + dy * dy), 1e-9);
        var (ux, uy) = (dx / length, dy / length);
        var tip = 6 + 1.6 * width;
        // The line ends inside the tip, so that a thick line does not show beyond its point.
        var (ex, ey) = (x2 - ux * tip * 0.7, y2 - uy * tip * 0.7);
        svg.Path($"M{Svg.F(x1)} {Svg.F(y1)}Q{Svg.F(cx)} {Svg.F(cy)} {Svg.F(ex)} {Svg.F(ey)}", pen);
        var (bx, by, half) = (x2 - ux * tip, y2 - uy * tip, tip * 0.45);
        svg.Path(
            $"M{Svg.F(x2)} {Svg.F(y2)}L{Svg.F(bx - uy * half)} {Svg.F(by + ux * half)}" +
                $"L{Svg.F(bx + uy * half)} {Svg.F(by - ux * half)}z", ink);
    }

    /// <summary>Where the label of an arrow stands: beside its middle.</summary>
    /// <param name="x1">The x coordinate where the arrow begins.</param>
    /// <param name="y1">The y coordinate where it begins.</param>
    /// <param name="x2">The x coordinate of its tip.</param>
    /// <param name="y2">The y coordinate of its tip.</param>
    /// <param name="bend">How far its middle is moved to its left.</param>
    /// <param name="textWidth">The width of the label.</param>
    public static (double X, double Y, string Anchor) LabelPlace(
        double x1, double y1, double x2, double y2, double bend, double textWidth)
    {
        var (cx, cy) = Control(x1, y1, x2, y2, bend);
        var (x, y) = ((x1 + 2 * cx + x2) / 4, (y1 + 2 * cy + y2) / 4);
        if (Math.Abs(x2 - x1) < Math.Abs(y2 - y1))
            return (x + 7, y + 4, "start");
        // Above the line, and the higher the steeper the line is, so that the line does not cross the words.
        var slope = Math.Abs(y2 - y1) / Math.Max(Math.Abs(x2 - x1), 1e-9);
        return (x, y - 6 - slope * textWidth / 2, "middle");
    }

    // A quadratic curve passes halfway between the middle of its ends and its control point.
    private static (double X, double Y) Control(double x1, double y1, double x2, double y2, double bend)
    {
        var (dx, dy) = (x2 - x1, y2 - y1);
        var length = Math.Max(Math.Sqrt(dx * dx + dy * dy), 1e-9);
        return ((x1 + x2) / 2 + 2 * bend * dy / length, (y1 + y2) / 2 - 2 * bend * dx / length);
    }
}
