using System.Numerics.Tensors;

namespace Mezcla.Quantization.Formats;

/// <summary>
/// Asymmetric integers: s = (max − min)/(2^b − 1), z = round(−min/s), q = round(x/s) + z in
/// 0 to 2^b − 1. The range always includes zero, so zero is represented exactly.
/// </summary>
/// <param name="bits">4 or 8.</param>
/// <param name="group">Numbers that share scale and zero point; 0 for all that are encoded together.</param>
public sealed class ZeroPointFormat(int bits, int group = 0) : IntegerFormat($"UINT{bits}_ZEROPOINT", bits, group, headerBytes: 5)
{
    /// <inheritdoc/>
    public override string Layout => $"for each group fp32 s and a byte z, then {Bits}-bit unsigned codes: s·(q − z)";

    private protected override void EncodeGroup(ReadOnlySpan<float> values, Span<byte> header, Span<byte> codes)
    {
        float min = Math.Min(0, TensorPrimitives.Min(values)), max = Math.Max(0, TensorPrimitives.Max(values));
        var top = (1 << Bits) - 1;
        var scale = max / top - min / top; // max − min could overflow
        var zero = scale > 0 ? Math.Clamp(MathF.Round(-min / scale), 0, top) : 0;
        Write(header, 0, scale);
        header[4] = (byte)zero;
        for (var i = 0; i < values.Length; i++)
            codes[i] = (byte)(scale > 0 ? Math.Clamp(MathF.Round(values[i] / scale) + zero, 0, top) : 0);
    }

    private protected override void DecodeGroup(ReadOnlySpan<byte> header, ReadOnlySpan<byte> codes, Span<float> values)
    {
        var scale = Read(header, 0);
        for (var i = 0; i < values.Length; i++)
            values[i] = (codes[i] - header[4]) * scale;
    }
}
