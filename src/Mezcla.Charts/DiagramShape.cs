namespace Mezcla.Charts;

/// <summary>The place of a shape in a diagram.</summary>
/// <param name="X">Its left edge.</param>
/// <param name="Y">Its upper edge.</param>
/// <param name="Width">Its width.</param>
/// <param name="Height">Its height.</param>
/// <param name="Round">Whether it is a circle.</param>
internal sealed record DiagramShape(double X, double Y, double Width, double Height, bool Round)
{
    public double CentreX => X + Width / 2;

    public double CentreY => Y + Height / 2;

    /// <summary>Where the line from the centre towards a point leaves the shape.</summary>
    /// <param name="x">The x coordinate of the point.</param>
    /// <param name="y">The y coordinate of the point.</param>
    /// <param name="gap">The distance to keep from the edge.</param>
    public (double X, double Y) Edge(double x, double y, double gap)
    {
        var (dx, dy) = (x - CentreX, y - CentreY);
        var length = Math.Sqrt(dx * dx + dy * dy);
        if (length < 1e-9)
            return (CentreX, CentreY);
        var (ux, uy) = (dx / length, dy / length);
        var reach = Round
            ? Width / 2
            : Math.Min(ux == 0 ? double.MaxValue : Width / 2 / Math.Abs(ux), uy == 0 ? double.MaxValue : Height / 2 / Math.Abs(uy));
        return (CentreX + ux * (reach + gap), CentreY + uy * (reach + gap));
    }

    /// <summary>Whether a vertical or horizontal line can join the two shapes, which looks better than a slightly inclined one.</summary>
    /// <param name="other">The shape where the line ends.</param>
    /// <param name="ends">The line's ends.</param>
    public bool Aligned(DiagramShape other, out ((double X, double Y) From, (double X, double Y) To) ends)
    {
        ends = default;
        if (Round || other.Round)
            return false;
        var (left, right) = (Math.Max(X, other.X), Math.Min(X + Width, other.X + other.Width));
        var (top, bottom) = (Math.Max(Y, other.Y), Math.Min(Y + Height, other.Y + other.Height));
        // A line through the common part of both sides; not if it would run near a corner.
        if (right - left >= 0.5 * Math.Min(Width, other.Width) && bottom < top)
        {
            var x = Math.Abs(CentreX - other.CentreX) < 1 ? CentreX : (left + right) / 2;
            ends = Y < other.Y ? ((x, Y + Height + 2), (x, other.Y - 3)) : ((x, Y - 2), (x, other.Y + other.Height + 3));
            return true;
        }
        if (bottom - top >= 0.5 * Math.Min(Height, other.Height) && right < left)
        {
            var y = Math.Abs(CentreY - other.CentreY) < 1 ? CentreY : (top + bottom) / 2;
            ends = X < other.X ? ((X + Width + 2, y), (other.X - 3, y)) : ((X - 2, y), (other.X + other.Width + 3, y));
            return true;
        }
        return false;
    }
}
