namespace Mezcla.Charts.Data;

/// <summary>A note to a point, a labelled line across the chart, or a shaded range of the x axis.</summary>
/// <param name="Text">Its text.</param>
/// <param name="X">Where it is on the x axis, or where the range begins; NaN for a horizontal line.</param>
/// <param name="Y">Where it is on the y axis; NaN for a vertical line and for a range.</param>
/// <param name="XEnd">Where the range ends; NaN for anything else.</param>
public sealed record Annotation(string Text, double X, double Y, double XEnd = double.NaN)
{
    /// <summary>Whether it is a note to a point.</summary>
    public bool IsPoint => !double.IsNaN(X) && !double.IsNaN(Y);

    /// <summary>Whether it is a line across the chart at one y.</summary>
    public bool IsLevel => double.IsNaN(X);

    /// <summary>Whether it is a range of the x axis.</summary>
    public bool IsRegion => !double.IsNaN(XEnd);
}
