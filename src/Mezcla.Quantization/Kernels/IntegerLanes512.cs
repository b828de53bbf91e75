using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mezcla.Quantization.Kernels;

/// <summary>Sixteen rows in an AVX-512 register. .NET has no class for AVX-512's dot
/// products of bytes, so pairs are summed in 16 bits.</summary>
internal readonly unsafe struct IntegerLanes512(Vector512<byte> v) : IIntegerLanes<IntegerLanes512>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private readonly Vector512<byte> _v = v;

    public static bool IsSupported => Avx512BW.IsSupported;
    public static int Rows => 16;
    public static bool SignedShortfall => true;
    public static IntegerLanes512 Zero { [MethodImpl(Inline)] get => new(Vector512<byte>.Zero); }

    [MethodImpl(Inline)] public static IntegerLanes512 Load(byte* p) => new(Vector512.Load(p));
    [MethodImpl(Inline)] public static IntegerLanes512 Word(byte* p) => new(Vector512.Create(*(int*)p).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes512 Table(byte* p) => new(Avx512F.BroadcastVector128ToVector512((int*)p).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 Lookup(IntegerLanes512 table, IntegerLanes512 indices) => new(Avx512BW.Shuffle(table._v, indices._v));
    [MethodImpl(Inline)] public static IntegerLanes512 And(IntegerLanes512 a, byte mask) => new(a._v & Vector512.Create(mask));
    [MethodImpl(Inline)] public static IntegerLanes512 Or(IntegerLanes512 a, IntegerLanes512 b) => new(a._v | b._v);
    [MethodImpl(Inline)] public static IntegerLanes512 ShiftRight(IntegerLanes512 a, int bits) => new((a._v.AsUInt16() >>> bits).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes512 ShiftLeft(IntegerLanes512 a, int bits) => new((a._v.AsUInt16() << bits).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 Dot(IntegerLanes512 sum, IntegerLanes512 codes, IntegerLanes512 x) =>
        new((sum._v.AsInt16() + Avx512BW.MultiplyAddAdjacent(codes._v, x._v.AsSByte())).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes512 Finish(IntegerLanes512 sum) => new(Pairs(sum._v.AsInt16()).AsByte());

    [MethodImpl(Inline)]
    public static IntegerLanes512 DotSigned(IntegerLanes512 sum, IntegerLanes512 weights, byte* magnitude, byte* sign)
    {
        var flipped = weights._v ^ Vector512.Create(*(int*)sign).AsByte();
        return new(
            (sum._v.AsInt32() + Pairs(Avx512BW.MultiplyAddAdjacent(Vector512.Create(*(int*)magnitude).AsByte(), flipped.AsSByte())))
                .AsByte());
    }

    [MethodImpl(Inline)]
    public static IntegerLanes512 AddIntegers(IntegerLanes512 a, IntegerLanes512 b) => new((a._v.AsInt32() + b._v.AsInt32()).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes512 Integer(int value) => new(Vector512.Create(value).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 ToFloats(IntegerLanes512 integers) => new(Vector512.ConvertToSingle(integers._v.AsInt32()).AsByte());
    [MethodImpl(Inline)] public static IntegerLanes512 Float(float value) => new(Vector512.Create(value).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 Halves(byte* p) =>
        new(((Avx512F.ConvertToVector512Int32(Vector256.Load((short*)p)) << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 UnsignedBytes(byte* p) => new(Avx512F.ConvertToVector512Int32(Vector128.Load(p)).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 SignedBytes(byte* p) => new(Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)p)).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 ShiftLeftIntegers(IntegerLanes512 a, int bits) => new((a._v.AsInt32() << bits).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 Multiply(IntegerLanes512 a, IntegerLanes512 b) => new((a._v.AsSingle() * b._v.AsSingle()).AsByte());
    [MethodImpl(Inline)]
    public static IntegerLanes512 MultiplyAdd(IntegerLanes512 a, IntegerLanes512 b, IntegerLanes512 c) =>
        new(Avx512F.FusedMultiplyAdd(a._v.AsSingle(), b._v.AsSingle(), c._v.AsSingle()).AsByte());
    [MethodImpl(Inline)] public static void Store(float* p, IntegerLanes512 value) => value._v.AsSingle().Store(p);

    [MethodImpl(Inline)]
    private static Vector512<int> Pairs(Vector512<short> sums) => Avx512BW.MultiplyAddAdjacent(sums, Vector512.Create((short)1));
}
