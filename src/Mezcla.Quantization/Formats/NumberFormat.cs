using System.Globalization;
using System.Numerics.Tensors;

namespace Mezcla.Quantization.Formats;

/// <summary>A way to store floats in fewer bits: its layout, its size, and how to encode and decode.</summary>
/// <param name="name">The field's name, such as <c>Q4_K</c>.</param>
public abstract class NumberFormat(string name)
{
    /// <summary>The field's name.</summary>
    public string Name { get; } = name;

    /// <summary>The layout in one sentence.</summary>
    public abstract string Layout { get; }

    /// <summary>Bytes that <paramref name="count"/> numbers take.</summary>
    /// <exception cref="ArgumentException">The format cannot hold that many.</exception>
    public abstract long BytesFor(long count);

    /// <summary>Bits per number, including codes, scales and offsets.</summary>
    public virtual double BitsPerWeight(long count) => 8.0 * BytesFor(count) / count;

    /// <summary>Encodes numbers with the format's reference rounding.</summary>
    /// <param name="values">Finite numbers.</param>
    /// <param name="bytes"><see cref="BytesFor"/> bytes.</param>
    /// <param name="tensor">Their name, for errors.</param>
    /// <exception cref="ArgumentException">NaN or infinity, numbers beyond the format's range, or a
    /// length it cannot hold; the message names the tensor and the place.</exception>
    public void Encode(ReadOnlySpan<float> values, Span<byte> bytes, string tensor = "values")
    {
        Fit(values.Length, bytes.Length, tensor);
        for (var i = 0; i < values.Length; i++)
            if (!float.IsFinite(values[i]))
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture,
                        $"{tensor}: {values[i]} at {i} cannot be written as {Name}: only finite numbers can. Look for a training run " +
                            $"that diverged."));
        EncodeCore(values, bytes, tensor);
    }

    /// <summary>Encodes numbers into new memory.</summary>
    /// <inheritdoc cref="Encode(ReadOnlySpan{float}, Span{byte}, string)"/>
    public byte[] Encode(ReadOnlySpan<float> values, string tensor = "values")
    {
        var bytes = new byte[BytesFor(values.Length)];
        Encode(values, bytes, tensor);
        return bytes;
    }

    /// <summary>Decodes numbers.</summary>
    /// <param name="bytes">What <see cref="Encode(ReadOnlySpan{float}, Span{byte}, string)"/> or another program wrote.</param>
    /// <param name="values">As many as were encoded.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public void Decode(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        Fit(values.Length, bytes.Length, "values");
        DecodeCore(bytes, values);
    }

    /// <summary>Decodes <paramref name="count"/> numbers into new memory.</summary>
    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, Span{float})"/>
    public float[] Decode(ReadOnlySpan<byte> bytes, int count)
    {
        var values = new float[count];
        Decode(bytes, values);
        return values;
    }

    /// <summary>Σ wᵢ·xᵢ with w encoded: the plain definition, with which the fast kernels are compared.</summary>
    public virtual float Dot(ReadOnlySpan<byte> bytes, ReadOnlySpan<float> x) => TensorPrimitives.Dot(Decode(bytes, x.Length), x);

    /// <summary>Writes the checked numbers.</summary>
    protected abstract void EncodeCore(ReadOnlySpan<float> values, Span<byte> bytes, string tensor);

    /// <summary>Reads the numbers.</summary>
    protected abstract void DecodeCore(ReadOnlySpan<byte> bytes, Span<float> values);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private void Fit(int values, int bytes, string tensor)
    {
        var needed = BytesFor(values);
        if (bytes != needed)
            throw new ArgumentException($"{tensor}: {values} numbers take {needed} bytes as {Name}, not {bytes}.");
    }
}
