namespace Mezcla.Notebooks.Html;

/// <summary>The cover of a site's first page.</summary>
/// <param name="Title">The site's name.</param>
/// <param name="Lead">A sentence that says what the site is.</param>
public sealed record SiteCover(string Title, string Lead)
{
    /// <summary>A picture as HTML, such as an SVG element with <c>role="img"</c> and a title; empty for none.</summary>
    public string Figure { get; init; } = "";

    /// <summary>The caption of the picture.</summary>
    public string Caption { get; init; } = "";

    /// <summary>The address of the glossary's page; empty for none.</summary>
    public string Glossary { get; init; } = "";

    /// <summary>A line at the end, such as where and how the notebooks ran.</summary>
    public string Footer { get; init; } = "";
}
