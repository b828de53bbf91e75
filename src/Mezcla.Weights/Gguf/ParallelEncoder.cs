using Mezcla.Quantization.Formats;

namespace Mezcla.Weights.Gguf;

/// <summary>Encodes a large tensor on all processor cores and writes it in order. Encoding is slow for the K formats, which search for
/// their scales.</summary>
internal static class ParallelEncoder
{
    private const int Piece = 1 << 16, PiecesAtOnce = 64;

    /// <summary>Returns the root mean squared error relative to the numbers' root mean square.</summary>
    public static double Write(Stream stream, BlockFormat format, ReadOnlyMemory<float> values, string name)
    {
        var encoded = new (byte[] Bytes, double Error, double Power)[PiecesAtOnce];
        double error = 0, power = 0;
        for (long start = 0; start < values.Length; start += Piece * PiecesAtOnce)
        {
            var pieces = (int)Math.Min(PiecesAtOnce, (values.Length - start + Piece - 1) / Piece);
            try
            {
                Parallel.For(0, pieces, i =>
                {
                    var from = (int)start + i * Piece;
                    encoded[i] = Encode(format, values.Span.Slice(from, Math.Min(Piece, values.Length - from)),
                        $"tensor '{name}', from element {from}");
                });
            }
            catch (AggregateException e)
            {
                throw e.InnerExceptions[0];
            }
            for (var i = 0; i < pieces; i++)
            {
                stream.Write(encoded[i].Bytes);
                error += encoded[i].Error;
                power += encoded[i].Power;
            }
        }
        return power > 0 ? Math.Sqrt(error / power) : 0;
    }

    private static (byte[], double, double) Encode(BlockFormat format, ReadOnlySpan<float> values, string name)
    {
        var bytes = format.Encode(values, name);
        if (format == FloatFormat.F32)
            return (bytes, 0, 0);
        var decoded = format.Decode(bytes, values.Length);
        double error = 0, power = 0;
        for (var i = 0; i < values.Length; i++)
        {
            double difference = decoded[i] - values[i];
            error += difference * difference;
            power += (double)values[i] * values[i];
        }
        return (bytes, error, power);
    }
}
