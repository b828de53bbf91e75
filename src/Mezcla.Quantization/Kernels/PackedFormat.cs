using System.Buffers.Binary;
using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Kernels;

/// <summary>Which packing a block format gets, and how its blocks are taken apart for it.</summary>
internal abstract unsafe class PackedFormat
{
    private static readonly Dictionary<BlockFormat, PackedFormat> ByFormat = new PackedFormat[]
    {
        new Q4_0Packed(), new Q4_1Packed(), new Q5_0Packed(), new Q5_1Packed(), new Q8_0Packed(), new Q2_KPacked(), new Q3_KPacked(),
        new Q4_KPacked(),
        new Q5_KPacked(), new Q6_KPacked(), new TQ1_0Packed(), new TQ2_0Packed(), new MxFp4Packed(), new NvFp4Packed(),
    }.ToDictionary(p => p.Format);

    private protected PackedFormat(BlockFormat format, PackedLayout layout) => (Format, Layout) = (format, layout);

    /// <summary>The format.</summary>
    public BlockFormat Format { get; }

    /// <summary>Its packing.</summary>
    public PackedLayout Layout { get; }

    /// <summary>The packing of a format, or null.</summary>
    public static PackedFormat? Find(BlockFormat format) => ByFormat.GetValueOrDefault(format);

    /// <summary>The codes of a block.</summary>
    public abstract void Codes(ReadOnlySpan<byte> block, Span<int> codes);

    /// <summary>Packs the codes of a block, 32 after 32, as row <paramref name="row"/> of a panel of zeroed memory.</summary>
    public virtual void Pack(ReadOnlySpan<byte> block, byte* panel, int row)
    {
        Span<int> codes = stackalloc int[Format.BlockSize];
        Codes(block, codes);
        for (var column = 0; column < codes.Length; column += 32)
            Layout.Pack(panel + column / 32 * Layout.CodeBytes, row, codes.Slice(column, 32));
    }

    /// <summary>Writes the scales of a block of row <paramref name="row"/> of a panel; halves
    /// are multiplied by 2 to the <paramref name="exponent"/>.</summary>
    public abstract void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent);

    /// <summary>The factor of a matrix whose halves were multiplied by 2 to the <paramref name="exponent"/>.</summary>
    public virtual float Factor(int exponent) => MathF.ScaleB(1, 112 - 56 - exponent);

    /// <summary>Nibbles as Q4_0 has them: byte j holds elements j and j + 16.</summary>
    private protected static void Nibbles(ReadOnlySpan<byte> bytes, Span<int> codes)
    {
        for (var j = 0; j < 16; j++)
            (codes[j], codes[j + 16]) = (bytes[j] & 15, bytes[j] >> 4);
    }

    /// <summary>
    /// The same nibbles as <see cref="Codes4"/> packs them, eight at a time: each vector holds the four codes of one step in the lower
    /// halves of its bytes, and those of the next step in the upper halves.
    /// </summary>
    private protected static void PackNibbles(ReadOnlySpan<byte> bytes, byte* panel, int row)
    {
        const uint low = 0x0F0F0F0F;
        for (var half = 0; half < 2; half++)
        {
            var first = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(8 * half)..]);
            var second = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(8 * half + 4)..]);
            Write(half, first & low | (second & low) << 4);
            Write(half + 2, first >> 4 & low | second & ~low);
        }

        void Write(int vector, uint codes) =>
            BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(panel + vector * 64 + row * 4, 4), codes);
    }

    private protected static void FifthBits(ReadOnlySpan<byte> bytes, Span<int> codes)
    {
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        for (var i = 0; i < 32; i++)
            codes[i] |= (int)(bits >> i & 1) << 4;
    }

    /// <summary>Copies a half, multiplied by a power of two, which is exact.</summary>
    private protected static void CopyHalf(ReadOnlySpan<byte> block, int from, Span<byte> scales, int to, int row, int exponent,
        bool negate = false)
    {
        var value = MathF.ScaleB((float)BinaryPrimitives.ReadHalfLittleEndian(block[from..]), exponent);
        BinaryPrimitives.WriteHalfLittleEndian(scales[(to + row * 2)..], (Half)(negate ? -value : value));
    }
}

internal sealed unsafe class Q4_0Packed() : PackedFormat(NumberFormats.Q4_0, new PackedLayout<Codes4, HalfScales<Zero8>>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes) => Nibbles(block[2..], codes);

    public override void Pack(ReadOnlySpan<byte> block, byte* panel, int row) => PackNibbles(block[2..], panel, row);

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) =>
        CopyHalf(block, 0, scales, 0, row, exponent);
}

internal sealed unsafe class Q4_1Packed() : PackedFormat(NumberFormats.Q4_1, new PackedLayout<Codes4, HalfScalesAndMinima>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes) => Nibbles(block[4..], codes);

    public override void Pack(ReadOnlySpan<byte> block, byte* panel, int row) => PackNibbles(block[4..], panel, row);

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent)
    {
        CopyHalf(block, 0, scales, 0, row, exponent);
        CopyHalf(block, 2, scales, 32, row, exponent, negate: true);
    }
}

internal sealed class Q5_0Packed() : PackedFormat(NumberFormats.Q5_0, new PackedLayout<Codes5, HalfScales<Zero16>>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        Nibbles(block[6..], codes);
        FifthBits(block[2..], codes);
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) =>
        CopyHalf(block, 0, scales, 0, row, exponent);
}

internal sealed class Q5_1Packed() : PackedFormat(NumberFormats.Q5_1, new PackedLayout<Codes5, HalfScalesAndMinima>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        Nibbles(block[8..], codes);
        FifthBits(block[4..], codes);
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent)
    {
        CopyHalf(block, 0, scales, 0, row, exponent);
        CopyHalf(block, 2, scales, 32, row, exponent, negate: true);
    }
}

internal sealed class Q8_0Packed() : PackedFormat(NumberFormats.Q8_0, new PackedLayout<Codes8, HalfScales<Zero0>>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 32; i++)
            codes[i] = (sbyte)block[2 + i];
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) =>
        CopyHalf(block, 0, scales, 0, row, exponent);
}

internal sealed class Q2_KPacked() : PackedFormat(NumberFormats.Q2_K, new PackedLayout<Codes2, NibbleScalesAndMinima>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 256; i++)
            codes[i] = SuperBlock.UnpackPair(block[16..80], i);
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent)
    {
        CopyHalf(block, 80, scales, 0, row, exponent);
        CopyHalf(block, 82, scales, 32, row, exponent);
        for (var g = 0; g < 16; g++)
            scales[64 + g * 16 + row] = block[g];
    }
}

internal sealed class Q3_KPacked() : PackedFormat(NumberFormats.Q3_K, new PackedLayout<Codes3, SignedSuperScales<Zero4>>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 256; i++)
            codes[i] = SuperBlock.UnpackPair(block[32..96], i) | (block[i % 32] >> i / 32 & 1) << 2;
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent)
    {
        CopyHalf(block, 108, scales, 0, row, exponent);
        for (var g = 0; g < 16; g++)
            scales[32 + g * 16 + row] = (byte)(sbyte)Q3_K.UnpackScale(block[96..108], g);
    }
}

internal sealed class Q4_KPacked() : PackedFormat(NumberFormats.Q4_K, new PackedLayout<Codes4, SuperScalesAndMinima>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 256; i++)
            codes[i] = SuperBlock.UnpackNibble(block[16..], i);
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) => Write(block, scales, row, exponent);

    /// <summary>The scales that Q4_K and Q5_K share.</summary>
    public static void Write(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent)
    {
        CopyHalf(block, 0, scales, 0, row, exponent);
        CopyHalf(block, 2, scales, 32, row, exponent);
        for (var g = 0; g < 8; g++)
        {
            var (s, m) = SuperBlock.UnpackSixBits(block[4..16], g);
            (scales[64 + g * 32 + row], scales[80 + g * 32 + row]) = ((byte)s, (byte)m);
        }
    }
}

internal sealed class Q5_KPacked() : PackedFormat(NumberFormats.Q5_K, new PackedLayout<Codes5, SuperScalesAndMinima>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 256; i++)
            codes[i] = SuperBlock.UnpackNibble(block[48..], i) | (block[16 + i % 32] >> i / 32 & 1) << 4;
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) =>
        Q4_KPacked.Write(block, scales, row, exponent);
}

internal sealed class Q6_KPacked() : PackedFormat(NumberFormats.Q6_K, new PackedLayout<Codes6, SignedSuperScales<Zero32>>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 256; i++)
            codes[i] = Q6_K.Code(block, i);
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent)
    {
        CopyHalf(block, 208, scales, 0, row, exponent);
        for (var g = 0; g < 16; g++)
            scales[32 + g * 16 + row] = block[192 + g];
    }
}

internal sealed class TQ1_0Packed() : PackedFormat(NumberFormats.TQ1_0, new PackedLayout<Codes2, SuperScaleOnly>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes) => TQ1_0.Digits(block, codes);

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) =>
        CopyHalf(block, 52, scales, 0, row, exponent);
}

internal sealed class TQ2_0Packed() : PackedFormat(NumberFormats.TQ2_0, new PackedLayout<Codes2, SuperScaleOnly>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 256; i++)
            codes[i] = SuperBlock.UnpackPair(block, i);
    }

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) =>
        CopyHalf(block, 64, scales, 0, row, exponent);
}

internal sealed unsafe class MxFp4Packed() : PackedFormat(NumberFormats.MxFp4, new PackedLayout<CodesE2M1, ExponentScales>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes) => Nibbles(block[1..], codes);

    public override void Pack(ReadOnlySpan<byte> block, byte* panel, int row) => PackNibbles(block[1..], panel, row);

    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent) => scales[row] = block[0];

    public override float Factor(int exponent) => 0.5f; // the table holds doubled values
}

internal sealed class NvFp4Packed() : PackedFormat(NumberFormats.NvFp4, new PackedLayout<CodesE2M1, E4M3Scales>())
{
    public override void Codes(ReadOnlySpan<byte> block, Span<int> codes)
    {
        for (var i = 0; i < 64; i++)
            codes[i] = block[4 + i / 16 * 8 + i % 8] >> i % 16 / 8 * 4 & 15;
    }

    // The NaN of E4M3 counts as 0, as in NvFp4 itself. A block is two super-blocks of 32.
    public override void Scales(ReadOnlySpan<byte> block, Span<byte> scales, int row, int exponent)
    {
        for (var part = 0; part < 4; part++)
            scales[part * 16 + row] = (byte)((block[part] & 0x7F) == 0x7F ? 0 : block[part] & 0x7F);
    }

    public override float Factor(int exponent) => 0.5f * (1L << 60);
}
