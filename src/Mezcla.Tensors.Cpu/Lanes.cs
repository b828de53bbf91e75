using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Sixteen floats worked on together, held in as many registers as the processor needs: one of 512 bits, two of 256 or four of 128.
/// Kernels are written once against this interface. Since the number of lanes and the shape of the sums over them are the same everywhere,
/// so are the results, to the bit, wherever the processor has fused multiply-add.
/// </summary>
internal unsafe interface ILanes<L> where L : unmanaged, ILanes<L>
{
    /// <summary>Whether the processor has registers for a tile of 8 x 32 elements of a matrix product, else 6 x 16.</summary>
    static abstract bool HasManyRegisters { get; }

    /// <summary>The sixteen floats at <paramref name="source"/>, which need not be aligned.</summary>
    static abstract L Load(float* source);

    /// <summary>Sixteen times <paramref name="value"/>.</summary>
    static abstract L Of(float value);

    /// <summary>Writes the lanes to <paramref name="target"/>, which need not be aligned.</summary>
    void Store(float* target);

    static abstract L operator +(L left, L right);

    static abstract L operator -(L left, L right);

    static abstract L operator *(L left, L right);

    static abstract L operator /(L left, L right);

    /// <summary>a * b + c with one rounding where the processor has fused multiply-add.</summary>
    static abstract L MultiplyAdd(L a, L b, L c);

    /// <summary>The larger of each pair; NaN where either is.</summary>
    static abstract L Max(L left, L right);

    /// <summary>The smaller of each pair; NaN where either is.</summary>
    static abstract L Min(L left, L right);

    static abstract L Sqrt(L value);

    /// <summary>The nearest whole number, ties to even.</summary>
    static abstract L Round(L value);

    /// <summary>Magnitude without sign.</summary>
    static abstract L Abs(L value);

    /// <summary>Lane by lane, <paramref name="yes"/> where left &lt; right, else <paramref name="no"/>.</summary>
    static abstract L IfLess(L left, L right, L yes, L no);

    /// <summary>2 to the power of a whole number from -126 to 127.</summary>
    static abstract L PowerOfTwo(L exponent);

    /// <summary>For a normal x = m 2^e with m in [sqrt(1/2), sqrt(2)): m, and e by <paramref name="exponent"/>.</summary>
    static abstract L SplitExponent(L value, out L exponent);

    /// <summary>The sum of the lanes, as a tree: i and i + 8, then i and i + 4, i and i + 2, i and i + 1.</summary>
    float Sum();

    /// <summary>The largest of the lanes.</summary>
    float Max();
}

/// <summary>A function that is computed lane by lane, for want of a vector version.</summary>
internal interface IScalarFunction
{
    static abstract float Of(float x, float a);
}

/// <summary>Loading and storing fewer than sixteen floats, for the ends of rows.</summary>
[SkipLocalsInit]
internal static unsafe class Lanes
{
    /// <summary>Floats in one value of <see cref="ILanes{L}"/>.</summary>
    public const int Width = 16;

    /// <summary>Every operation on lanes is inlined, or it would pass them through memory.</summary>
    public const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Inner loops are fully optimized at the first call and never inlined; inlined into their callers they would be compiled
    /// again, to slower code.</summary>
    public const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining;

    /// <summary>The first <paramref name="count"/> lanes from <paramref name="source"/>,
    /// the others <paramref name="fill"/>; all from 16 on.</summary>
    [MethodImpl(Inline)]
    public static L LoadFirst<L>(float* source, int count, float fill = 0) where L : unmanaged, ILanes<L>
    {
        if (count >= Width)
            return L.Load(source);
        // Without a call, since across one no vector stays in its register, in the loop around this neither.
        Buffer buffer;
        var lanes = (float*)&buffer;
        for (var i = 0; i < Width; i++)
            lanes[i] = i < count ? source[i] : fill;
        return L.Load(lanes);
    }

    /// <summary>Writes only the first <paramref name="count"/> lanes; all from 16 on.</summary>
    [MethodImpl(Inline)]
    public static void StoreFirst<L>(L value, float* target, int count) where L : unmanaged, ILanes<L>
    {
        if (count >= Width)
        {
            value.Store(target);
            return;
        }
        Buffer buffer;
        var lanes = (float*)&buffer;
        value.Store(lanes);
        for (var i = 0; i < count; i++)
            target[i] = lanes[i];
    }

    // In the program's image, which never moves.
    private static ReadOnlySpan<float> Counting => [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    /// <summary>0, 1, 2 ... 15.</summary>
    [MethodImpl(Inline)]
    public static L Numbers<L>() where L : unmanaged, ILanes<L> =>
    L.Load((float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Counting)));

    /// <summary>x where <paramref name="from"/> &lt;= place &lt; <paramref name="to"/>, else <paramref name="fill"/>.</summary>
    [MethodImpl(Inline)]
    public static L Within<L>(L x, L place, L from, L to, L fill) where L : unmanaged, ILanes<L> =>
    L.IfLess(place, from, fill, L.IfLess(place, to, x, fill));

    private struct Buffer
    {
#pragma warning disable CS0649 // Written through a pointer.
        public fixed float Lane[Width];
#pragma warning restore CS0649
    }

    /// <summary>F of each lane of x and a.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static L Each<L, F>(L x, L a) where L : unmanaged, ILanes<L> where F : struct, IScalarFunction
    {
        float* left = stackalloc float[Width], right = stackalloc float[Width];
        x.Store(left);
        a.Store(right);
        for (var i = 0; i < Width; i++)
            left[i] = F.Of(left[i], right[i]);
        return L.Load(left);
    }
}
