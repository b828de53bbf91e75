using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Running;

/// <summary>A claim as a notebook's output holds it.</summary>
/// <param name="What">What is claimed.</param>
/// <param name="Holds">Whether it held.</param>
/// <param name="Source">Where the expectation comes from.</param>
/// <param name="Json">Everything known of it.</param>
public sealed record NotebookClaim(string What, bool Holds, string Source, JsonObject Json);
