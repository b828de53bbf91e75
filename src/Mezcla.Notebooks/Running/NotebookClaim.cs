using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Running;

/// <summary>A claim from a notebook's output.</summary>
/// <param name="What">The claim in words.</param>
/// <param name="Holds">Whether it held.</param>
/// <param name="Source">Where the expectation comes from.</param>
/// <param name="Json">The whole claim in its machine-readable form.</param>
public sealed record NotebookClaim(string What, bool Holds, string Source, JsonObject Json);
