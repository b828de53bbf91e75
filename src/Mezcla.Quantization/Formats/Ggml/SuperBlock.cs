using System.Numerics.Tensors;

namespace Mezcla.Quantization.Formats;

/// <summary>A format of super-blocks of 256 numbers in groups of 16 or 32, whose scales are
/// themselves quantized against one half-precision scale (GGML's K formats).</summary>
public abstract class SuperBlock(string name, int blockBytes) : BlockFormat(name, 256, blockBytes)
{
    /// <summary>Finds scale and minimum of each group, weighting each element by its magnitude
    /// (plus the root mean square where <paramref name="smooth"/>).</summary>
    private protected static void AffineGroups(ReadOnlySpan<float> values, int size, int top, float start, int steps, bool smooth,
        Span<float> scales, Span<float> minima, Span<int> codes)
    {
        Span<float> weights = stackalloc float[size];
        for (var group = 0; group < 256 / size; group++)
        {
            var x = values.Slice(group * size, size);
            var floor = 0f;
            if (smooth)
            {
                var squares = 0f;
                foreach (var value in x)
                    squares += value * value;
                floor = MathF.Sqrt(squares / size);
            }
            for (var i = 0; i < size; i++)
                weights[i] = floor + MathF.Abs(x[i]);
            scales[group] = ScaleSearch.Affine(x, weights, top, start, steps, absolute: !smooth, codes.Slice(group * size, size),
                out minima[group]);
        }
    }

    /// <summary>Recomputes each group's codes from its stored scale and minimum; a group whose stored scale is 0 keeps its codes.</summary>
    private protected static void Recode(ReadOnlySpan<float> x, float d, float minimum, int top, Span<int> codes)
    {
        if (d == 0)
            return;
        for (var i = 0; i < x.Length; i++)
            codes[i] = ScaleSearch.Nearest((x[i] + minimum) / d, 0, top);
    }

    /// <summary>The same for symmetric groups: codes from 0 to 2·levels − 1 stand for −levels to levels − 1.</summary>
    private protected static void RecodeSymmetric(ReadOnlySpan<float> x, float d, int levels, Span<int> codes)
    {
        if (d == 0)
            return;
        for (var i = 0; i < x.Length; i++)
            codes[i] = levels + ScaleSearch.Nearest(x[i] / d, -levels, levels - 1);
    }

    /// <summary>The largest of some non-negative scales.</summary>
    private protected static float Largest(ReadOnlySpan<float> scales) => Math.Max(0, TensorPrimitives.Max(scales));

    /// <summary>Packs eight scales and eight minima of 6 bits into 12 bytes. The first four of each fill the low 6 bits of a byte, and the
    /// upper two bits of the other four are stored in the top bits of these bytes (Q4_K, Q5_K).</summary>
    private protected static void PackSixBits(ReadOnlySpan<int> scales, ReadOnlySpan<int> minima, Span<byte> packed)
    {
        for (var j = 0; j < 4; j++)
        {
            packed[j] = (byte)(scales[j] | scales[j + 4] >> 4 << 6);
            packed[j + 4] = (byte)(minima[j] | minima[j + 4] >> 4 << 6);
            packed[j + 8] = (byte)(scales[j + 4] & 15 | (minima[j + 4] & 15) << 4);
        }
    }

    /// <summary>Undoes <see cref="PackSixBits"/> for one group.</summary>
    internal static (int Scale, int Minimum) UnpackSixBits(ReadOnlySpan<byte> packed, int group) => group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : (packed[group + 4] & 15 | packed[group - 4] >> 6 << 4, packed[group + 4] >> 4 | packed[group] >> 6 << 4);

    /// <summary>Codes of 2 bits, four to a byte: byte l of each half of 128 holds elements l, l+32, l+64, l+96.</summary>
    private protected static void PackPairs(ReadOnlySpan<int> codes, Span<byte> packed)
    {
        for (var half = 0; half < 2; half++)
            for (var l = 0; l < 32; l++)
            {
                var c = codes[(half * 128 + l)..];
                packed[half * 32 + l] = (byte)(c[0] & 3 | (c[32] & 3) << 2 | (c[64] & 3) << 4 | (c[96] & 3) << 6);
            }
    }

    /// <summary>Undoes <see cref="PackPairs"/> for one element.</summary>
    internal static int UnpackPair(ReadOnlySpan<byte> packed, int element) =>
        packed[element / 128 * 32 + element % 32] >> element % 128 / 32 * 2 & 3;

    /// <summary>Low nibbles: byte l of each 32 holds elements l and l+32 of 64.</summary>
    internal static void PackNibbles(ReadOnlySpan<int> codes, Span<byte> packed)
    {
        for (var quarter = 0; quarter < 4; quarter++)
            for (var l = 0; l < 32; l++)
                packed[quarter * 32 + l] = (byte)(codes[quarter * 64 + l] & 15 | (codes[quarter * 64 + 32 + l] & 15) << 4);
    }

    /// <summary>Undoes <see cref="PackNibbles"/> for one element.</summary>
    internal static int UnpackNibble(ReadOnlySpan<byte> packed, int element) =>
        packed[element / 64 * 32 + element % 32] >> element % 64 / 32 * 4 & 15;
}
