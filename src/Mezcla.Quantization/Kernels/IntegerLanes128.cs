using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Mezcla.Quantization.Kernels;

/// <summary>
/// Four rows in a register of 128 bits: with ARM's dot product of bytes, with SSSE3's
/// sums of pairs, or with the operations that .NET offers everywhere.
/// </summary>
internal readonly unsafe struct IntegerLanes128(Vector128<byte> v) : IIntegerLanes<IntegerLanes128>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly Vector128<byte> _v = v;

    public static int Rows => 4;
    public static bool SignedShortfall => Ssse3.IsSupported;
    public static IntegerLanes128 Zero { [MethodImpl(Inline)] get => new(Vector128<byte>.Zero); }

    [MethodImpl(Inline)] public static IntegerLanes128 Load(byte* p) => new(Vector128.Load(p));
    [MethodImpl(Inline)] public static IntegerLanes128 Word(byte* p) => new(Vector128.Create(*(int*)p).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes128 Table(byte* p) => new(Vector128.Load(p));
    [MethodImpl(Inline)]
    public static IntegerLanes128 Lookup(IntegerLanes128 table, IntegerLanes128 indices) =>
        new(Vector128.Shuffle(table._v, indices._v));
    [MethodImpl(Inline)] public static IntegerLanes128 And(IntegerLanes128 a, byte mask) => new(a._v & Vector128.Create(mask));
    [MethodImpl(Inline)] public static IntegerLanes128 Or(IntegerLanes128 a, IntegerLanes128 b) => new(a._v | b._v);
    [MethodImpl(Inline)] public static IntegerLanes128 ShiftRight(IntegerLanes128 a, int bits) => new((a._v.AsUInt16() >>> bits).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes128 ShiftLeft(IntegerLanes128 a, int bits) => new((a._v.AsUInt16() << bits).AsByte());

    [MethodImpl(Inline)]
    public static IntegerLanes128 Dot(IntegerLanes128 sum, IntegerLanes128 codes, IntegerLanes128 x) => Ssse3.IsSupported
        ? new((sum._v.AsInt16() + Ssse3.MultiplyAddAdjacent(codes._v, x._v.AsSByte())).AsByte())
        : new(DotWide(sum._v.AsInt32(), codes._v.AsSByte(), x._v.AsSByte()).AsByte());

    [MethodImpl(Inline)]
    public static IntegerLanes128 Finish(IntegerLanes128 sum) => Ssse3.IsSupported
        ? new(Sse2.MultiplyAddAdjacent(sum._v.AsInt16(), Vector128.Create((short)1)).AsByte()) : sum;

    [MethodImpl(Inline)]
    public static IntegerLanes128 DotSigned(IntegerLanes128 sum, IntegerLanes128 weights, byte* magnitude, byte* sign)
    {
        Vector128<byte> x = Vector128.Create(*(int*)magnitude).AsByte(), s = Vector128.Create(*(int*)sign).AsByte();
        return Ssse3.IsSupported
            ? new(
                (sum._v.AsInt32() + Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(x, (weights._v ^ s).AsSByte()),
                    Vector128.Create((short)1))).AsByte())
            : new(DotWide(sum._v.AsInt32(), weights._v.AsSByte(), ((x ^ s) - s).AsSByte()).AsByte());
    }

    [MethodImpl(Inline)]
    public static IntegerLanes128 AddIntegers(IntegerLanes128 a, IntegerLanes128 b) => new((a._v.AsInt32() + b._v.AsInt32()).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes128 Integer(int value) => new(Vector128.Create(value).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes128 ToFloats(IntegerLanes128 integers) => new(Vector128.ConvertToSingle(integers._v.AsInt32()).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes128 Float(float value) => new(Vector128.Create(value).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes128 Halves(byte* p) =>
    new(
        ((Vector128.WidenLower(Vector128.CreateScalar(*(long*)p).AsInt16()) << 13) & Vector128.Create(unchecked((int)0x8FFFE000)))
            .AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes128 UnsignedBytes(byte* p) =>
        new(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(uint*)p).AsByte())).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes128 SignedBytes(byte* p) =>
        new(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(uint*)p).AsSByte())).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes128 ShiftLeftIntegers(IntegerLanes128 a, int bits) => new((a._v.AsInt32() << bits).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes128 Multiply(IntegerLanes128 a, IntegerLanes128 b) => new((a._v.AsSingle() * b._v.AsSingle()).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes128 MultiplyAdd(IntegerLanes128 a, IntegerLanes128 b, IntegerLanes128 c) =>
        new(Vector128.MultiplyAddEstimate(a._v.AsSingle(), b._v.AsSingle(), c._v.AsSingle()).AsByte());
    [MethodImpl(Inline)] public static void Store(float* p, IntegerLanes128 value) => value._v.AsSingle().Store(p);

    /// <summary>Four products a lane added to 32-bit sums.</summary>
    [MethodImpl(Inline)]
    internal static Vector128<int> DotWide(Vector128<int> sum, Vector128<sbyte> a, Vector128<sbyte> b) => Dp.IsSupported
        ? Dp.DotProduct(sum, a, b) : DotPortable(sum, a, b);

    [MethodImpl(Inline)]
    internal static Vector128<int> DotPortable(Vector128<int> sum, Vector128<sbyte> a, Vector128<sbyte> b)
    {
        Vector128<short> lower = Vector128.WidenLower(a) * Vector128.WidenLower(b),
            upper = Vector128.WidenUpper(a) * Vector128.WidenUpper(b);
        // Neighbours are summed twice: first pairs of 16-bit lanes give 32-bit sums, then pairs of these sums are added.
        var first = (lower.AsInt32() << 16 >> 16) + (lower.AsInt32() >> 16);
        var second = (upper.AsInt32() << 16 >> 16) + (upper.AsInt32() >> 16);
        var even = Vector128.Shuffle(first, Vector128.Create(0, 2, 0, 2));
        var odd = Vector128.Shuffle(first, Vector128.Create(1, 3, 1, 3));
        var even2 = Vector128.Shuffle(second, Vector128.Create(0, 2, 0, 2));
        var odd2 = Vector128.Shuffle(second, Vector128.Create(1, 3, 1, 3));
        return sum + Vector128.Create((even + odd).GetLower(), (even2 + odd2).GetUpper());
    }
}
