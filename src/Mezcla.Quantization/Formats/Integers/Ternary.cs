using System.Buffers.Binary;

namespace Mezcla.Quantization.Formats;

/// <summary>
/// BitNet b1.58's ternary weights (Ma et al. 2024): γ = mean|x|, t = clip(round(x/(γ + ε)), −1, 1), value γ·t. A ternary digit carries
/// log₂3 = 1.585 bits. Five digits are stored in a byte, the first as the least significant, which takes 1.6 bits per digit; the tensor's γ
/// takes one float more.
/// </summary>
public sealed class Ternary() : NumberFormat("TERNARY")
{
    /// <summary>ε, which keeps a tensor of zeros from dividing by zero.</summary>
    public const float Epsilon = 1e-5f;

    /// <inheritdoc/>
    public override string Layout => "fp32 γ, then five base-3 digits t + 1 to a byte: γ·t";

    /// <inheritdoc/>
    public override long BytesFor(long count) => 4 + (count + 4) / 5;

    /// <summary>γ = mean|x|.</summary>
    public static float Scale(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += Math.Abs(value);
        return values.IsEmpty ? 0 : (float)(sum / values.Length);
    }

    /// <summary>clip(round(x/(γ + ε)), −1, 1).</summary>
    public static int Digit(float value, float scale) => (int)Math.Clamp(MathF.Round(value / (scale + Epsilon)), -1, 1);

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> values, Span<byte> bytes, string tensor)
    {
        var scale = Scale(values);
        BinaryPrimitives.WriteSingleLittleEndian(bytes, scale);
        for (var at = 0; at < bytes.Length - 4; at++)
        {
            var number = 0;
            for (var i = Math.Min(values.Length, at * 5 + 5) - 1; i >= at * 5; i--)
                number = number * 3 + Digit(values[i], scale) + 1;
            bytes[4 + at] = (byte)number;
        }
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        var scale = BinaryPrimitives.ReadSingleLittleEndian(bytes);
        for (int i = 0, number = 0; i < values.Length; i++, number /= 3)
        {
            if (i % 5 == 0)
                number = bytes[4 + i / 5];
            values[i] = (number % 3 - 1) * scale;
        }
    }
}
