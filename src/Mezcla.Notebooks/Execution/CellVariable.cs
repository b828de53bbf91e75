namespace Mezcla.Notebooks;

/// <summary>A variable that cells declared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its declared type.</param>
/// <param name="Value">Its present value.</param>
public sealed record CellVariable(string Name, Type Type, object? Value);
