using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mezcla.Quantization.Kernels;

/// <summary>Eight rows in an AVX2 register, with AVX-VNNI's dot product of bytes where the
/// processor has it (Intel since Alder Lake, AMD since Zen 5).</summary>
internal readonly unsafe struct IntegerLanes256(Vector256<byte> v) : IIntegerLanes<IntegerLanes256>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly Vector256<byte> _v = v;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;
    public static int Rows => 8;
    public static bool SignedShortfall => true;
    public static IntegerLanes256 Zero { [MethodImpl(Inline)] get => new(Vector256<byte>.Zero); }

    [MethodImpl(Inline)] public static IntegerLanes256 Load(byte* p) => new(Vector256.Load(p));
    [MethodImpl(Inline)] public static IntegerLanes256 Word(byte* p) => new(Vector256.Create(*(int*)p).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes256 Table(byte* p) => new(Avx2.BroadcastVector128ToVector256(p));
    [MethodImpl(Inline)]
    public static IntegerLanes256 Lookup(IntegerLanes256 table, IntegerLanes256 indices) => new(Avx2.Shuffle(table._v, indices._v));
    [MethodImpl(Inline)] public static IntegerLanes256 And(IntegerLanes256 a, byte mask) => new(a._v & Vector256.Create(mask));
    [MethodImpl(Inline)] public static IntegerLanes256 Or(IntegerLanes256 a, IntegerLanes256 b) => new(a._v | b._v);
    [MethodImpl(Inline)] public static IntegerLanes256 ShiftRight(IntegerLanes256 a, int bits) => new((a._v.AsUInt16() >>> bits).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes256 ShiftLeft(IntegerLanes256 a, int bits) => new((a._v.AsUInt16() << bits).AsByte());

    [MethodImpl(Inline)]
    public static IntegerLanes256 Dot(IntegerLanes256 sum, IntegerLanes256 codes, IntegerLanes256 x) => AvxVnni.IsSupported
        ? new(AvxVnni.MultiplyWideningAndAdd(sum._v.AsInt32(), codes._v, x._v.AsSByte()).AsByte())
        : new((sum._v.AsInt16() + Avx2.MultiplyAddAdjacent(codes._v, x._v.AsSByte())).AsByte());

    [MethodImpl(Inline)]
    public static IntegerLanes256 Finish(IntegerLanes256 sum) => AvxVnni.IsSupported ? sum : new(Pairs(sum._v.AsInt16()).AsByte());

    [MethodImpl(Inline)]
    public static IntegerLanes256 DotSigned(IntegerLanes256 sum, IntegerLanes256 weights, byte* magnitude, byte* sign)
    {
        var flipped = (weights._v ^ Vector256.Create(*(int*)sign).AsByte()).AsSByte();
        var x = Vector256.Create(*(int*)magnitude).AsByte();
        return AvxVnni.IsSupported
            ? new(AvxVnni.MultiplyWideningAndAdd(sum._v.AsInt32(), x, flipped).AsByte())
            : new((sum._v.AsInt32() + Pairs(Avx2.MultiplyAddAdjacent(x, flipped))).AsByte());
    }

    [MethodImpl(Inline)]
    public static IntegerLanes256 AddIntegers(IntegerLanes256 a, IntegerLanes256 b) => new((a._v.AsInt32() + b._v.AsInt32()).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes256 Integer(int value) => new(Vector256.Create(value).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes256 ToFloats(IntegerLanes256 integers) => new(Vector256.ConvertToSingle(integers._v.AsInt32()).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes256 Float(float value) => new(Vector256.Create(value).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes256 Halves(byte* p) =>
        new(((Avx2.ConvertToVector256Int32((short*)p) << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes256 UnsignedBytes(byte* p) => new(Avx2.ConvertToVector256Int32(p).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes256 SignedBytes(byte* p) => new(Avx2.ConvertToVector256Int32((sbyte*)p).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes256 ShiftLeftIntegers(IntegerLanes256 a, int bits) => new((a._v.AsInt32() << bits).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes256 Multiply(IntegerLanes256 a, IntegerLanes256 b) => new((a._v.AsSingle() * b._v.AsSingle()).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes256 MultiplyAdd(IntegerLanes256 a, IntegerLanes256 b, IntegerLanes256 c) =>
        new(Fma.MultiplyAdd(a._v.AsSingle(), b._v.AsSingle(), c._v.AsSingle()).AsByte());
    [MethodImpl(Inline)] public static void Store(float* p, IntegerLanes256 value) => value._v.AsSingle().Store(p);

    [MethodImpl(Inline)]
    private static Vector256<int> Pairs(Vector256<short> sums) => Avx2.MultiplyAddAdjacent(sums, Vector256.Create((short)1));
}
