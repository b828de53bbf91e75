using System.Buffers.Binary;
using System.Globalization;
using System.Numerics.Tensors;

namespace Mezcla.Quantization.Formats;

/// <summary>A format of equal blocks, each holding the same number of elements in the
/// same number of bytes, independent of its neighbours.</summary>
/// <param name="name">The field's name.</param>
/// <param name="blockSize">Elements a block.</param>
/// <param name="blockBytes">Bytes a block.</param>
public abstract class BlockFormat(string name, int blockSize, int blockBytes) : NumberFormat(name)
{
    /// <summary>Elements a block.</summary>
    public int BlockSize { get; } = blockSize;

    /// <summary>Bytes a block.</summary>
    public int BlockBytes { get; } = blockBytes;

    /// <summary>Bits an element, the block's scales included.</summary>
    public double BitsPerElement => 8.0 * BlockBytes / BlockSize;

    /// <summary>Positions in a block of its half-precision scales and offsets, which are checked to be finite.</summary>
    public virtual IReadOnlyList<int> HalfOffsets => [];

    /// <inheritdoc/>
    public override long BytesFor(long count) => count >= 0 && count % BlockSize == 0
        ? count / BlockSize * BlockBytes
        : throw new ArgumentException(
            $"{Name} holds blocks of {BlockSize} numbers, and {count} is not a multiple of that. Use a format with smaller blocks, or " +
                "F16.");

    /// <inheritdoc/>
    public override double BitsPerWeight(long count) => BitsPerElement;

    /// <summary>Writes one block.</summary>
    public abstract void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block);

    /// <summary>Reads one block.</summary>
    public abstract void DecodeBlock(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>Checks that no scale is NaN or infinite. Such scales come only from a damaged file or from numbers too large for half
    /// precision.</summary>
    /// <exception cref="ArgumentException">A scale is NaN or infinite; the message names the tensor and the block.</exception>
    public void Check(ReadOnlySpan<byte> bytes, string tensor)
    {
        for (var block = 0; block < bytes.Length / BlockBytes; block++)
            foreach (var offset in HalfOffsets)
            {
                var scale = BinaryPrimitives.ReadHalfLittleEndian(bytes[(block * BlockBytes + offset)..]);
                if (!Half.IsFinite(scale))
                    throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                        $"{tensor}: block {block} (elements {(long)block * BlockSize} to {(long)(block + 1) * BlockSize - 1}) has the " +
                            $"scale {scale} as {Name}: its numbers are beyond the range of a half-precision scale, or the data is " +
                            $"damaged."));
            }
    }

    /// <inheritdoc/>
    public override float Dot(ReadOnlySpan<byte> bytes, ReadOnlySpan<float> x)
    {
        Span<float> block = stackalloc float[BlockSize];
        var sum = 0f;
        for (int i = 0, at = 0; i < x.Length; i += BlockSize, at += BlockBytes)
        {
            DecodeBlock(bytes.Slice(at, BlockBytes), block);
            sum += TensorPrimitives.Dot(block, x.Slice(i, BlockSize));
        }
        return sum;
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> values, Span<byte> bytes, string tensor)
    {
        for (int i = 0, at = 0; i < values.Length; i += BlockSize, at += BlockBytes)
            EncodeBlock(values.Slice(i, BlockSize), bytes.Slice(at, BlockBytes));
        Check(bytes, tensor);
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (int i = 0, at = 0; i < values.Length; i += BlockSize, at += BlockBytes)
            DecodeBlock(bytes.Slice(at, BlockBytes), values.Slice(i, BlockSize));
    }

    private protected static float ReadHalf(ReadOnlySpan<byte> block, int offset) =>
        (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    /// <summary>Stores a scale in half precision and returns what was stored.</summary>
    private protected static float WriteHalf(Span<byte> block, int offset, float value)
    {
        var half = (Half)value;
        BinaryPrimitives.WriteHalfLittleEndian(block[offset..], half);
        return (float)half;
    }

    /// <summary>1/d, or 0 where d is 0: a block of zeros has scale 0 and codes that decode to 0.</summary>
    private protected static float Inverse(float d) => d == 0 ? 0 : 1 / d;

    /// <summary>The element of largest magnitude, with its sign; of equal magnitudes, the first.</summary>
    private protected static float SignedMax(ReadOnlySpan<float> values)
    {
        var max = 0f;
        foreach (var value in values)
            if (MathF.Abs(value) > MathF.Abs(max))
                max = value;
        return max;
    }
}
