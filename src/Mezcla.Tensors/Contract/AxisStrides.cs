using System.Runtime.CompilerServices;

namespace Mezcla.Tensors;

/// <summary>For each axis, how many elements lie between one position and the next; held inline.</summary>
public struct AxisStrides
{
    private Numbers _numbers;

    [InlineArray(Shape.MaxRank)]
    private struct Numbers
    {
        private long _first;
    }

    /// <summary>The stride of an axis, counted from 0.</summary>
    public long this[int axis]
    {
        readonly get => _numbers[axis];
        set => _numbers[axis] = value;
    }

    /// <summary>The strides of all axes that a tensor can have.</summary>
    public static implicit operator ReadOnlySpan<long>(in AxisStrides strides) => strides._numbers;
}
