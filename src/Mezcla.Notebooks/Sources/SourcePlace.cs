namespace Mezcla.Notebooks;

/// <summary>A place in a cell's source, counted from 1.</summary>
internal readonly record struct SourcePlace(string Document, int Line, int Column, int EndColumn);
