namespace Mezcla.Notebooks;

/// <summary>What the lines of a cell are until the next directive that names a language.</summary>
/// <param name="Kind">How to process them: as code, as content, as a value, or not at all.</param>
/// <param name="Name">The MIME type of content, or the name of a foreign language in words.</param>
internal sealed record CellSection(PartKind Kind, string Name);
