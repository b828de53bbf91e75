namespace Mezcla.Notebooks;

/// <summary>How values of a type are shown.</summary>
/// <param name="Type">The type; types derived from it are shown in the same way.</param>
/// <param name="FormOf">Gives the form of a value.</param>
public sealed record TypeForm(Type Type, Func<object, MimeBundle> FormOf);
