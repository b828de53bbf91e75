namespace Mezcla.BytePairs;

/// <summary>Cuts a text into the pieces inside which pairs merge.</summary>
/// <param name="text">The text in UTF-8.</param>
/// <param name="start">Where a piece begins.</param>
/// <returns>Where it ends, which is after <paramref name="start"/>.</returns>
public delegate int PieceEnd(ReadOnlySpan<byte> text, int start);
