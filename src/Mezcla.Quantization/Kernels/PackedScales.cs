using System.Runtime.CompilerServices;

namespace Mezcla.Quantization.Kernels;

/// <summary>
/// How the scales of 16 rows are packed, for a super-block of one or eight blocks of 32 columns: row after row of the same group, so that a
/// vector has one lane for each row. A value is scale·(code − zero) or scale·code − minimum, all times a factor that the whole matrix
/// shares. Scales are read by moving their bits into a float, which is cheaper than converting but gives numbers far too small;
/// <see cref="Lift"/> brings the products back to the middle of the range.
/// </summary>
internal unsafe interface IPackedScales
{
    /// <summary>Its number in the kernels of GPUs, quantized.cl.</summary>
    static abstract int Kind { get; }

    /// <summary>Columns that share a scale, 16 or 32.</summary>
    static abstract int Group { get; }

    /// <summary>Blocks of 32 columns in a super-block, 1 or 8.</summary>
    static abstract int Blocks { get; }

    /// <summary>Bytes of a super-block's scales for 16 rows.</summary>
    static abstract int Bytes { get; }

    /// <summary>The code that means zero.</summary>
    static abstract int Zero { get; }

    /// <summary>Whether there are minima.</summary>
    static virtual bool Affine => false;

    /// <summary>A power of two with which activations are multiplied beforehand; the matrix's factor undoes the rest.</summary>
    static virtual float Lift => 1L << 56;

    /// <summary>Reads the part of the scales that the groups of a super-block share.</summary>
    static abstract void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L>;

    /// <summary>The scale of a group; that of the super-block where groups have none of their own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual L Scale<L>(byte* p, int row, L d, int group) where L : unmanaged, IIntegerLanes<L> => d;

    /// <summary>The minimum of a group; that of the super-block where groups have none of their own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual L Minimum<L>(byte* p, int row, L m, int group) where L : unmanaged, IIntegerLanes<L> => m;
}

/// <summary>A code that means zero, as a type.</summary>
internal interface IZero
{
    /// <summary>The code.</summary>
    static abstract int Value { get; }
}

internal readonly struct Zero0 : IZero { public static int Value => 0; }
internal readonly struct Zero1 : IZero { public static int Value => 1; }
internal readonly struct Zero4 : IZero { public static int Value => 4; }
internal readonly struct Zero8 : IZero { public static int Value => 8; }
internal readonly struct Zero12 : IZero { public static int Value => 12; }
internal readonly struct Zero16 : IZero { public static int Value => 16; }
internal readonly struct Zero32 : IZero { public static int Value => 32; }

/// <summary>A half for each block of 32: Q8_0, Q4_0, Q5_0.</summary>
internal readonly unsafe struct HalfScales<Z> : IPackedScales where Z : IZero
{
    public static int Kind => 0;
    public static int Group => 32;
    public static int Blocks => 1;
    public static int Bytes => 32;
    public static int Zero => Z.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> =>
    (d, m) = (L.Halves(p + row * 2), L.Zero);
}

/// <summary>Two halves for each block of 32, the scale and the negated minimum: Q4_1, Q5_1.</summary>
internal readonly unsafe struct HalfScalesAndMinima : IPackedScales
{
    public static int Kind => 1;
    public static int Group => 32;
    public static int Blocks => 1;
    public static int Bytes => 64;
    public static int Zero => 0;
    public static bool Affine => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> =>
    (d, m) = (L.Halves(p + row * 2), L.Halves(p + 32 + row * 2));
}

/// <summary>Two halves for 256, a byte of scale and a byte of minimum for each 32: Q4_K, Q5_K.</summary>
internal readonly unsafe struct SuperScalesAndMinima : IPackedScales
{
    public static int Kind => 2;
    public static int Group => 32;
    public static int Blocks => 8;
    public static int Bytes => 64 + 8 * 32;
    public static int Zero => 0;
    public static bool Affine => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> =>
    (d, m) = (L.Halves(p + row * 2), L.Halves(p + 32 + row * 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Scale<L>(byte* p, int row, L d, int group) where L : unmanaged, IIntegerLanes<L> =>
    L.Multiply(d, L.ToFloats(L.UnsignedBytes(p + 64 + group * 32 + row)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Minimum<L>(byte* p, int row, L m, int group) where L : unmanaged, IIntegerLanes<L> =>
    L.Multiply(m, L.ToFloats(L.UnsignedBytes(p + 80 + group * 32 + row)));
}

/// <summary>Two halves for 256, a nibble of scale and a nibble of minimum for each 16: Q2_K.</summary>
internal readonly unsafe struct NibbleScalesAndMinima : IPackedScales
{
    public static int Kind => 3;
    public static int Group => 16;
    public static int Blocks => 8;
    public static int Bytes => 64 + 16 * 16;
    public static int Zero => 0;
    public static bool Affine => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> =>
    (d, m) = (L.Halves(p + row * 2), L.Halves(p + 32 + row * 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Scale<L>(byte* p, int row, L d, int group) where L : unmanaged, IIntegerLanes<L> =>
    L.Multiply(d, L.ToFloats(L.And(L.UnsignedBytes(p + 64 + group * 16 + row), 15)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Minimum<L>(byte* p, int row, L m, int group) where L : unmanaged, IIntegerLanes<L> =>
    L.Multiply(m, L.ToFloats(L.And(L.ShiftRight(L.UnsignedBytes(p + 64 + group * 16 + row), 4), 15)));
}

/// <summary>A half for 256 and a signed byte for each 16: Q6_K, Q3_K.</summary>
internal readonly unsafe struct SignedSuperScales<Z> : IPackedScales where Z : IZero
{
    public static int Kind => 4;
    public static int Group => 16;
    public static int Blocks => 8;
    public static int Bytes => 32 + 16 * 16;
    public static int Zero => Z.Value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> =>
    (d, m) = (L.Halves(p + row * 2), L.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Scale<L>(byte* p, int row, L d, int group) where L : unmanaged, IIntegerLanes<L> =>
    L.Multiply(d, L.ToFloats(L.SignedBytes(p + 32 + group * 16 + row)));
}

/// <summary>A single half for 256 columns: TQ1_0, TQ2_0.</summary>
internal readonly unsafe struct SuperScaleOnly : IPackedScales
{
    public static int Kind => 5;
    public static int Group => 32;
    public static int Blocks => 8;
    public static int Bytes => 32;
    public static int Zero => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> =>
    (d, m) = (L.Halves(p + row * 2), L.Zero);
}

/// <summary>A power of two for each 32, its exponent already where a float has it: MXFP4.</summary>
internal readonly unsafe struct ExponentScales : IPackedScales
{
    public static int Kind => 6;
    public static int Group => 32;
    public static int Blocks => 1;
    public static int Bytes => 16;
    public static int Zero => 12;
    public static float Lift => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> =>
    (d, m) = (L.ShiftLeftIntegers(L.UnsignedBytes(p + row), 23), L.Zero);
}

/// <summary>An unsigned E4M3 for each 16, its bits moved to where a float has them, which makes it 2⁻¹²⁰ times as large: NVFP4.</summary>
internal readonly unsafe struct E4M3Scales : IPackedScales
{
    public static int Kind => 7;
    public static int Group => 16;
    public static int Blocks => 1;
    public static int Bytes => 32;
    public static int Zero => 12;
    public static float Lift => 1L << 60;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Super<L>(byte* p, int row, out L d, out L m) where L : unmanaged, IIntegerLanes<L> => (d, m) = (L.Zero, L.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Scale<L>(byte* p, int row, L d, int group) where L : unmanaged, IIntegerLanes<L> =>
    L.ShiftLeftIntegers(L.UnsignedBytes(p + group * 16 + row), 20);
}
