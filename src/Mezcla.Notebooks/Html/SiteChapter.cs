using Mezcla.Notebooks.Running;

namespace Mezcla.Notebooks.Html;

/// <summary>A page of a site.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Run">The run of its notebook.</param>
public sealed record SiteChapter(string Url, NotebookRun Run);
