using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>The layout of a 32-bit float, and sums over the last four lanes that all widths share.</summary>
internal static class FloatBits
{
    /// <summary>The bits of sqrt(1/2): taken off, they make mantissas run from sqrt(1/2) to sqrt(2).</summary>
    public const int SqrtHalf = 0x3F3504F3;

    /// <summary>The 23 bits of the mantissa.</summary>
    public const int Mantissa = 0x007FFFFF;

    /// <summary>The lower four lanes plus the upper four.</summary>
    [MethodImpl(Lanes.Inline)] public static Vector128<float> Halves(Vector256<float> eight) => eight.GetLower() + eight.GetUpper();

    /// <summary>(0 + 2) + (1 + 3).</summary>
    [MethodImpl(Lanes.Inline)]
    public static float Sum(Vector128<float> four)
    {
        var two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two[0] + two[1];
    }

    /// <summary>The largest of four lanes.</summary>
    [MethodImpl(Lanes.Inline)]
    public static float Max(Vector128<float> four)
    {
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(two[0], two[1]);
    }
}
