namespace Mezcla.Notebooks.Html;

/// <summary>What the first page of a site opens with.</summary>
/// <param name="Title">The site's name.</param>
/// <param name="Lead">What it is, in a sentence.</param>
public sealed record SiteCover(string Title, string Lead)
{
    /// <summary>A picture as HTML, such as an SVG element with <c>role="img"</c> and a title; empty for none.</summary>
    public string Figure { get; init; } = "";

    /// <summary>What stands below the picture.</summary>
    public string Caption { get; init; } = "";

    /// <summary>A line at the end, such as where and how the notebooks ran.</summary>
    public string Footer { get; init; } = "";
}
