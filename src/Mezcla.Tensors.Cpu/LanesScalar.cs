using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Sixteen lanes as plain floats, one after the other: slow, but the reference that the vector versions are compared
/// with.</summary>
internal unsafe struct LanesScalar : ILanes<LanesScalar>
{
    private fixed float _lane[Lanes.Width];

    public static bool HasManyRegisters => false;

    public static LanesScalar Load(float* source)
    {
        LanesScalar all = default;
        for (var i = 0; i < Lanes.Width; i++)
            all._lane[i] = source[i];
        return all;
    }
    public static LanesScalar Of(float value)
    {
        LanesScalar all = default;
        for (var i = 0; i < Lanes.Width; i++)
            all._lane[i] = value;
        return all;
    }
    public readonly void Store(float* target)
    {
        var all = this;
        for (var i = 0; i < Lanes.Width; i++)
            target[i] = all._lane[i];
    }
    public static LanesScalar operator +(LanesScalar left, LanesScalar right)
    {
        for (var i = 0; i < Lanes.Width; i++)
            left._lane[i] += right._lane[i];
        return left;
    }
    public static LanesScalar operator -(LanesScalar left, LanesScalar right)
    {
        for (var i = 0; i < Lanes.Width; i++)
            left._lane[i] -= right._lane[i];
        return left;
    }
    public static LanesScalar operator *(LanesScalar left, LanesScalar right)
    {
        for (var i = 0; i < Lanes.Width; i++)
            left._lane[i] *= right._lane[i];
        return left;
    }
    public static LanesScalar operator /(LanesScalar left, LanesScalar right)
    {
        for (var i = 0; i < Lanes.Width; i++)
            left._lane[i] /= right._lane[i];
        return left;
    }
    public static LanesScalar Max(LanesScalar left, LanesScalar right)
    {
        for (var i = 0; i < Lanes.Width; i++)
            left._lane[i] = MathF.Max(left._lane[i], right._lane[i]);
        return left;
    }

    public static LanesScalar Min(LanesScalar left, LanesScalar right)
    {
        for (var i = 0; i < Lanes.Width; i++)
            left._lane[i] = MathF.Min(left._lane[i], right._lane[i]);
        return left;
    }

    public static LanesScalar Sqrt(LanesScalar value)
    {
        for (var i = 0; i < Lanes.Width; i++)
            value._lane[i] = MathF.Sqrt(value._lane[i]);
        return value;
    }
    public static LanesScalar Round(LanesScalar value)
    {
        for (var i = 0; i < Lanes.Width; i++)
            value._lane[i] = MathF.Round(value._lane[i]);
        return value;
    }
    public static LanesScalar Abs(LanesScalar value)
    {
        for (var i = 0; i < Lanes.Width; i++)
            value._lane[i] = MathF.Abs(value._lane[i]);
        return value;
    }
    public static LanesScalar PowerOfTwo(LanesScalar exponent)
    {
        for (var i = 0; i < Lanes.Width; i++)
            exponent._lane[i] = BitConverter.Int32BitsToSingle(((int)exponent._lane[i] + 127) << 23);
        return exponent;
    }


    public static LanesScalar MultiplyAdd(LanesScalar a, LanesScalar b, LanesScalar c)
    {
        for (var i = 0; i < Lanes.Width; i++)
            a._lane[i] = float.MultiplyAddEstimate(a._lane[i], b._lane[i], c._lane[i]);
        return a;
    }

    public static LanesScalar IfLess(LanesScalar left, LanesScalar right, LanesScalar yes, LanesScalar no)
    {
        for (var i = 0; i < Lanes.Width; i++)
            left._lane[i] = left._lane[i] < right._lane[i] ? yes._lane[i] : no._lane[i];
        return left;
    }

    public static LanesScalar SplitExponent(LanesScalar value, out LanesScalar exponent)
    {
        exponent = default;
        for (var i = 0; i < Lanes.Width; i++)
        {
            var bits = BitConverter.SingleToInt32Bits(value._lane[i]) - FloatBits.SqrtHalf;
            exponent._lane[i] = bits >> 23;
            value._lane[i] = BitConverter.Int32BitsToSingle((bits & FloatBits.Mantissa) + FloatBits.SqrtHalf);
        }
        return value;
    }

    public readonly float Sum()
    {
        var sums = this;
        for (var half = Lanes.Width / 2; half > 0; half /= 2)
            for (var i = 0; i < half; i++)
                sums._lane[i] += sums._lane[i + half];
        return sums._lane[0];
    }

    public readonly float Max()
    {
        var copy = this;
        var max = copy._lane[0];
        for (var i = 1; i < Lanes.Width; i++)
            max = MathF.Max(max, copy._lane[i]);
        return max;
    }
}
