namespace Mezcla.Quantization.Formats;

/// <summary>Symmetric integers: q = round(x/s), s = max|x|/(2^(b−1) − 1), so that
/// zero is exact and the most negative code is unused.</summary>
/// <param name="bits">4 or 8.</param>
/// <param name="group">Numbers that share a scale; 0 for all that are encoded together.</param>
public sealed class AbsmaxFormat(int bits, int group = 0) : IntegerFormat($"INT{bits}_ABSMAX", bits, group, headerBytes: 4)
{
    /// <inheritdoc/>
    public override string Layout => $"for each group fp32 s, then {Bits}-bit two's complement codes: s·q";

    private int Largest => (1 << Bits - 1) - 1;

    private protected override void EncodeGroup(ReadOnlySpan<float> values, Span<byte> header, Span<byte> codes)
    {
        var max = 0f;
        foreach (var value in values)
            max = Math.Max(max, MathF.Abs(value));
        var scale = max / Largest;
        Write(header, 0, scale);
        for (var i = 0; i < values.Length; i++)
            codes[i] = (byte)(sbyte)(scale > 0 ? Math.Clamp(MathF.Round(values[i] / scale), -Largest, Largest) : 0);
    }

    private protected override void DecodeGroup(ReadOnlySpan<byte> header, ReadOnlySpan<byte> codes, Span<float> values)
    {
        var scale = Read(header, 0);
        for (var i = 0; i < values.Length; i++)
            values[i] = (Bits == 8 ? (sbyte)codes[i] : (sbyte)(codes[i] << 4) >> 4) * scale;
    }
}
