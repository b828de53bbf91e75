using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Sixteen lanes in four registers of 128 bits.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) : ILanes<Lanes128>
{
    private readonly Vector128<float> _a = a, _b = b, _c = c, _d = d;

    public static bool HasManyRegisters => false;

    [MethodImpl(Lanes.Inline)]
    public static Lanes128 Load(float* source) => new(
        Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 Of(float value)
    {
        var all = Vector128.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(Lanes.Inline)]
    public void Store(float* target)
    {
        _a.Store(target);
        _b.Store(target + 4);
        _c.Store(target + 8);
        _d.Store(target + 12);
    }

    [MethodImpl(Lanes.Inline)]
    public static Lanes128 operator +(Lanes128 left, Lanes128 right) => new(
        left._a + right._a, left._b + right._b, left._c + right._c, left._d + right._d);
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 operator -(Lanes128 left, Lanes128 right) => new(
        left._a - right._a, left._b - right._b, left._c - right._c, left._d - right._d);
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 operator *(Lanes128 left, Lanes128 right) => new(
        left._a * right._a, left._b * right._b, left._c * right._c, left._d * right._d);
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 operator /(Lanes128 left, Lanes128 right) => new(
        left._a / right._a, left._b / right._b, left._c / right._c, left._d / right._d);
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(
        Vector128.MultiplyAddEstimate(a._a, b._a, c._a), Vector128.MultiplyAddEstimate(a._b, b._b, c._b),
        Vector128.MultiplyAddEstimate(a._c, b._c, c._c),
        Vector128.MultiplyAddEstimate(a._d, b._d, c._d));
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 Max(Lanes128 left, Lanes128 right) => new(
        Vector128.Max(left._a, right._a), Vector128.Max(left._b, right._b), Vector128.Max(left._c, right._c),
        Vector128.Max(left._d, right._d));
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 Min(Lanes128 left, Lanes128 right) => new(
        Vector128.Min(left._a, right._a), Vector128.Min(left._b, right._b), Vector128.Min(left._c, right._c),
        Vector128.Min(left._d, right._d));
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 Sqrt(Lanes128 value) => new(
        Vector128.Sqrt(value._a), Vector128.Sqrt(value._b), Vector128.Sqrt(value._c), Vector128.Sqrt(value._d));
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 Round(Lanes128 value) => new(
        Vector128.Round(value._a), Vector128.Round(value._b), Vector128.Round(value._c), Vector128.Round(value._d));
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 Abs(Lanes128 value) => new(
        Vector128.Abs(value._a), Vector128.Abs(value._b), Vector128.Abs(value._c), Vector128.Abs(value._d));
    [MethodImpl(Lanes.Inline)]
    public static Lanes128 IfLess(Lanes128 left, Lanes128 right, Lanes128 yes, Lanes128 no) => new(
        Vector128.ConditionalSelect(Vector128.LessThan(left._a, right._a), yes._a, no._a),
        Vector128.ConditionalSelect(Vector128.LessThan(left._b, right._b), yes._b, no._b),
        Vector128.ConditionalSelect(Vector128.LessThan(left._c, right._c), yes._c, no._c),
        Vector128.ConditionalSelect(Vector128.LessThan(left._d, right._d), yes._d, no._d));

    [MethodImpl(Lanes.Inline)]
    public static Lanes128 PowerOfTwo(Lanes128 exponent)
    {
        return new(Of(exponent._a), Of(exponent._b), Of(exponent._c), Of(exponent._d));

        static Vector128<float> Of(Vector128<float> whole) =>
            ((Vector128.ConvertToInt32Native(whole) + Vector128.Create(127)) << 23).AsSingle();
    }

    [MethodImpl(Lanes.Inline)]
    public static Lanes128 SplitExponent(Lanes128 value, out Lanes128 exponent)
    {
        var a = value._a.AsInt32() - Vector128.Create(FloatBits.SqrtHalf);
        var b = value._b.AsInt32() - Vector128.Create(FloatBits.SqrtHalf);
        var c = value._c.AsInt32() - Vector128.Create(FloatBits.SqrtHalf);
        var d = value._d.AsInt32() - Vector128.Create(FloatBits.SqrtHalf);
        exponent = new(Vector128.ConvertToSingle(a >> 23), Vector128.ConvertToSingle(b >> 23), Vector128.ConvertToSingle(c >> 23),
            Vector128.ConvertToSingle(d >> 23));
        return new(Mantissa(a), Mantissa(b), Mantissa(c), Mantissa(d));

        static Vector128<float> Mantissa(Vector128<int> bits) =>
            ((bits & Vector128.Create(FloatBits.Mantissa)) + Vector128.Create(FloatBits.SqrtHalf)).AsSingle();
    }

    [MethodImpl(Lanes.Inline)] public float Sum() => FloatBits.Sum((_a + _c) + (_b + _d));

    [MethodImpl(Lanes.Inline)] public float Max() => FloatBits.Max(Vector128.Max(Vector128.Max(_a, _b), Vector128.Max(_c, _d)));
}
