using Mezcla.Quantization.Formats;

namespace Mezcla.Weights.Gguf;

/// <summary>Encodes a large tensor on all processors, and writes it in order. The K formats search for their scales, which takes a while.</summary>
internal static class ParallelEncoder
{
    private const int Piece = 1 << 16, PiecesAtOnce = 64;

    public static void Write(Stream stream, BlockFormat format, ReadOnlyMemory<float> values, string name)
    {
        var encoded = new byte[PiecesAtOnce][];
        for (long start = 0; start < values.Length; start += Piece * PiecesAtOnce)
        {
            var pieces = (int)Math.Min(PiecesAtOnce, (values.Length - start + Piece - 1) / Piece);
            try
            {
                Parallel.For(0, pieces, i =>
                {
                    var from = (int)start + i * Piece;
                    encoded[i] = format.Encode(values.Span.Slice(from, Math.Min(Piece, values.Length - from)), $"tensor '{name}', from element {from}");
                });
            }
            catch (AggregateException e)
            {
                throw e.InnerExceptions[0];
            }
            for (var i = 0; i < pieces; i++) stream.Write(encoded[i]);
        }
    }
}
