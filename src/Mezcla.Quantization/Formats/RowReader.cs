namespace Mezcla.Quantization.Formats;

/// <summary>Gives the encoded bytes of one row of a matrix.</summary>
/// <param name="row">The row.</param>
/// <param name="bytes">Where to write them.</param>
public delegate void RowReader(int row, Span<byte> bytes);
