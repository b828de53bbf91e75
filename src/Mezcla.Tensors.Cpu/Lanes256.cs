using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Sixteen lanes in two registers of 256 bits.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> low, Vector256<float> high) : ILanes<Lanes256>
{
    private readonly Vector256<float> _low = low, _high = high;

    public static bool HasManyRegisters => false;

    [MethodImpl(Lanes.Inline)] public static Lanes256 Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 Of(float value)
    {
        var all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(Lanes.Inline)]
    public void Store(float* target)
    {
        _low.Store(target);
        _high.Store(target + 8);
    }

    [MethodImpl(Lanes.Inline)]
    public static Lanes256 operator +(Lanes256 left, Lanes256 right) => new(left._low + right._low, left._high + right._high);
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 operator -(Lanes256 left, Lanes256 right) => new(left._low - right._low, left._high - right._high);
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 operator *(Lanes256 left, Lanes256 right) => new(left._low * right._low, left._high * right._high);
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 operator /(Lanes256 left, Lanes256 right) => new(left._low / right._low, left._high / right._high);
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(
        Vector256.MultiplyAddEstimate(a._low, b._low, c._low), Vector256.MultiplyAddEstimate(a._high, b._high, c._high));
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 Max(Lanes256 left, Lanes256 right) => new(
        Vector256.Max(left._low, right._low), Vector256.Max(left._high, right._high));
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 Min(Lanes256 left, Lanes256 right) => new(
        Vector256.Min(left._low, right._low), Vector256.Min(left._high, right._high));
    [MethodImpl(Lanes.Inline)] public static Lanes256 Sqrt(Lanes256 value) => new(Vector256.Sqrt(value._low), Vector256.Sqrt(value._high));
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 Round(Lanes256 value) => new(Vector256.Round(value._low), Vector256.Round(value._high));
    [MethodImpl(Lanes.Inline)] public static Lanes256 Abs(Lanes256 value) => new(Vector256.Abs(value._low), Vector256.Abs(value._high));
    [MethodImpl(Lanes.Inline)]
    public static Lanes256 IfLess(Lanes256 left, Lanes256 right, Lanes256 yes, Lanes256 no) => new(
        Vector256.ConditionalSelect(Vector256.LessThan(left._low, right._low), yes._low, no._low),
        Vector256.ConditionalSelect(Vector256.LessThan(left._high, right._high), yes._high, no._high));

    [MethodImpl(Lanes.Inline)]
    public static Lanes256 PowerOfTwo(Lanes256 exponent)
    {
        return new(Of(exponent._low), Of(exponent._high));

        static Vector256<float> Of(Vector256<float> whole) =>
            ((Vector256.ConvertToInt32Native(whole) + Vector256.Create(127)) << 23).AsSingle();
    }

    [MethodImpl(Lanes.Inline)]
    public static Lanes256 SplitExponent(Lanes256 value, out Lanes256 exponent)
    {
        var low = value._low.AsInt32() - Vector256.Create(FloatBits.SqrtHalf);
        var high = value._high.AsInt32() - Vector256.Create(FloatBits.SqrtHalf);
        exponent = new(Vector256.ConvertToSingle(low >> 23), Vector256.ConvertToSingle(high >> 23));
        return new(Mantissa(low), Mantissa(high));

        static Vector256<float> Mantissa(Vector256<int> bits) =>
            ((bits & Vector256.Create(FloatBits.Mantissa)) + Vector256.Create(FloatBits.SqrtHalf)).AsSingle();
    }

    [MethodImpl(Lanes.Inline)] public float Sum() => FloatBits.Sum(FloatBits.Halves(_low + _high));

    [MethodImpl(Lanes.Inline)]
    public float Max()
    {
        var half = Vector256.Max(_low, _high);
        return FloatBits.Max(Vector128.Max(half.GetLower(), half.GetUpper()));
    }
}
