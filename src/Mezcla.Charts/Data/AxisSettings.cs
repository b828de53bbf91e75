namespace Mezcla.Charts.Data;

/// <summary>The settings of an axis that do not depend on the data.</summary>
public sealed class AxisSettings
{
    /// <summary>The quantity on the axis.</summary>
    public string Label { get; internal set; } = "";

    /// <summary>Whether the axis is logarithmic.</summary>
    public bool Log { get; internal set; }

    /// <summary>The low end, or null if the data decide.</summary>
    public double? Min { get; internal set; }

    /// <summary>The high end, or null if the data decide.</summary>
    public double? Max { get; internal set; }

    /// <summary>The format of the numbers.</summary>
    public AxisFormat Format { get; internal set; }

    /// <summary>True if the axis shows no numbers.</summary>
    public bool Hidden { get; internal set; }

    /// <summary>The categories, if this axis has names in place of numbers.</summary>
    public IReadOnlyList<string>? Categories => Named;

    internal List<string>? Named { get; set; }
}
