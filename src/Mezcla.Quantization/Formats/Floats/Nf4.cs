using System.Buffers.Binary;
using MathNet.Numerics.Distributions;

namespace Mezcla.Quantization.Formats;

/// <summary>
/// NF4 (Dettmers et al. 2023, QLoRA): sixteen codes that cut a normal distribution into equally likely parts, times the block's largest
/// magnitude, in blocks of 64. A single-precision scale costs half a bit per number, 4.5 bits in all. With double quantization the mean of
/// the scales is subtracted and the differences are stored as 8-bit codes in blocks of 256, which costs 4 + 8/64 + 32/(64·256) = 4.127 bits
/// per number and one float for the tensor. Tensors may have any length; the last block may be short.
/// </summary>
public sealed class Nf4 : NumberFormat
{
    private const int Block = 64, ScaleBlock = 256;

    private readonly bool _doubled;

    private Nf4(string name, bool doubled) : base(name) => _doubled = doubled;

    /// <summary>NF4 with a float scale for each block of 64 numbers.</summary>
    public static Nf4 Plain { get; } = new("NF4", false);

    /// <summary>NF4 with double quantization.</summary>
    public static Nf4 Double { get; } = new("NF4_DQ", true);

    /// <summary>
    /// The sixteen values, ascending, from the quantiles of the standard normal: eight above zero (evenly spaced probabilities from
    /// 0.9677083 down to, but without, 0.5), seven below, zero itself; divided by the largest.
    /// </summary>
    public static IReadOnlyList<float> Codes { get; } = MakeCodes();

    private static readonly float[] Values = [.. Codes];

    /// <inheritdoc/>
    public override string Layout => _doubled
        ? "codes two to a byte (even elements low), an int8 scale for each 64, an fp32 scale for each 256 of those, the fp32 mean of " +
            "scales: code·scale"
        : "codes two to a byte (even elements low), an fp32 scale for each 64: code·scale";

    /// <inheritdoc/>
    public override long BytesFor(long count)
    {
        var blocks = (count + Block - 1) / Block;
        return (count + 1) / 2 + (_doubled ? blocks + (blocks + ScaleBlock - 1) / ScaleBlock * 4 + 4 : blocks * 4);
    }

    /// <summary>The index of the nearest of <see cref="Codes"/>.</summary>
    public static int Nearest(float value)
    {
        var index = 0;
        while (index < 15 && value > (Values[index] + Values[index + 1]) / 2)
            index++;
        return index;
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> values, Span<byte> bytes, string tensor)
    {
        var scales = new float[(values.Length + Block - 1) / Block];
        for (var i = 0; i < values.Length; i++)
            scales[i / Block] = Math.Max(scales[i / Block], MathF.Abs(values[i]));
        var codes = bytes[..((values.Length + 1) / 2)];
        StoreScales(scales, bytes[codes.Length..]);
        LoadScales(bytes[codes.Length..], scales); // the codes are chosen for the scales that the reader will see
        codes.Clear();
        for (var i = 0; i < values.Length; i++)
        {
            var scale = scales[i / Block];
            codes[i / 2] |= (byte)(Nearest(scale > 0 ? values[i] / scale : 0) << i % 2 * 4);
        }
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        var scales = new float[(values.Length + Block - 1) / Block];
        LoadScales(bytes[((values.Length + 1) / 2)..], scales);
        for (var i = 0; i < values.Length; i++)
            values[i] = Values[bytes[i / 2] >> i % 2 * 4 & 15] * scales[i / Block];
    }

    private void StoreScales(ReadOnlySpan<float> scales, Span<byte> bytes)
    {
        if (!_doubled)
        {
            for (var i = 0; i < scales.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes[(i * 4)..], scales[i]);
            return;
        }
        var sum = 0.0;
        foreach (var scale in scales)
            sum += scale;
        var mean = scales.Length > 0 ? (float)(sum / scales.Length) : 0;
        BinaryPrimitives.WriteSingleLittleEndian(bytes[^4..], mean);
        for (var start = 0; start < scales.Length; start += ScaleBlock)
        {
            var part = scales[start..Math.Min(start + ScaleBlock, scales.Length)];
            var max = 0f;
            foreach (var scale in part)
                max = Math.Max(max, MathF.Abs(scale - mean));
            var step = max / 127;
            BinaryPrimitives.WriteSingleLittleEndian(bytes[(scales.Length + start / ScaleBlock * 4)..], step);
            for (var i = 0; i < part.Length; i++)
                bytes[start + i] = (byte)(sbyte)(step > 0 ? Math.Clamp(MathF.Round((part[i] - mean) / step), -127, 127) : 0);
        }
    }

    private void LoadScales(ReadOnlySpan<byte> bytes, Span<float> scales)
    {
        for (var i = 0; i < scales.Length; i++)
            scales[i] = _doubled
                ? (sbyte)bytes[i] * BinaryPrimitives.ReadSingleLittleEndian(bytes[(scales.Length + i / ScaleBlock * 4)..])
                    + BinaryPrimitives.ReadSingleLittleEndian(bytes[^4..])
                : BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * 4)..]);
    }

    private static float[] MakeCodes()
    {
        const double Outermost = 0.9677083;
        var codes = new List<double> { 0 };
        for (var i = 0; i < 8; i++)
            codes.Add(Normal.InvCDF(0, 1, Outermost + (0.5 - Outermost) * i / 8));
        for (var i = 0; i < 7; i++)
            codes.Add(-Normal.InvCDF(0, 1, Outermost + (0.5 - Outermost) * i / 7));
        codes.Sort();
        var largest = codes[^1];
        return [.. codes.Select(c => (float)(c / largest))];
    }
}
