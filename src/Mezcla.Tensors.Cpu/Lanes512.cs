using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Sixteen lanes in one register of 512 bits.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> all) : ILanes<Lanes512>
{
    private readonly Vector512<float> _all = all;

    public static bool HasManyRegisters => true;

    [MethodImpl(Lanes.Inline)] public static Lanes512 Load(float* source) => new(Vector512.Load(source));
    [MethodImpl(Lanes.Inline)] public static Lanes512 Of(float value) => new(Vector512.Create(value));

    [MethodImpl(Lanes.Inline)] public void Store(float* target) => _all.Store(target);
    [MethodImpl(Lanes.Inline)] public static Lanes512 operator +(Lanes512 left, Lanes512 right) => new(left._all + right._all);
    [MethodImpl(Lanes.Inline)] public static Lanes512 operator -(Lanes512 left, Lanes512 right) => new(left._all - right._all);
    [MethodImpl(Lanes.Inline)] public static Lanes512 operator *(Lanes512 left, Lanes512 right) => new(left._all * right._all);
    [MethodImpl(Lanes.Inline)] public static Lanes512 operator /(Lanes512 left, Lanes512 right) => new(left._all / right._all);
    [MethodImpl(Lanes.Inline)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) =>
        new(Vector512.MultiplyAddEstimate(a._all, b._all, c._all));
    [MethodImpl(Lanes.Inline)] public static Lanes512 Max(Lanes512 left, Lanes512 right) => new(Vector512.Max(left._all, right._all));
    [MethodImpl(Lanes.Inline)] public static Lanes512 Min(Lanes512 left, Lanes512 right) => new(Vector512.Min(left._all, right._all));
    [MethodImpl(Lanes.Inline)] public static Lanes512 Sqrt(Lanes512 value) => new(Vector512.Sqrt(value._all));
    [MethodImpl(Lanes.Inline)] public static Lanes512 Round(Lanes512 value) => new(Vector512.Round(value._all));
    [MethodImpl(Lanes.Inline)] public static Lanes512 Abs(Lanes512 value) => new(Vector512.Abs(value._all));
    [MethodImpl(Lanes.Inline)]
    public static Lanes512 IfLess(Lanes512 left, Lanes512 right, Lanes512 yes, Lanes512 no) => new(
        Vector512.ConditionalSelect(Vector512.LessThan(left._all, right._all), yes._all, no._all));

    [MethodImpl(Lanes.Inline)]
    public static Lanes512 PowerOfTwo(Lanes512 exponent) => new(
        ((Vector512.ConvertToInt32Native(exponent._all) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(Lanes.Inline)]
    public static Lanes512 SplitExponent(Lanes512 value, out Lanes512 exponent)
    {
        var bits = value._all.AsInt32() - Vector512.Create(FloatBits.SqrtHalf);
        exponent = new(Vector512.ConvertToSingle(bits >> 23));
        return new(((bits & Vector512.Create(FloatBits.Mantissa)) + Vector512.Create(FloatBits.SqrtHalf)).AsSingle());
    }

    [MethodImpl(Lanes.Inline)] public float Sum() => FloatBits.Sum(FloatBits.Halves(_all.GetLower() + _all.GetUpper()));

    [MethodImpl(Lanes.Inline)]
    public float Max()
    {
        var half = Vector256.Max(_all.GetLower(), _all.GetUpper());
        return FloatBits.Max(Vector128.Max(half.GetLower(), half.GetUpper()));
    }
}
