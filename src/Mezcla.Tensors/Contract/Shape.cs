using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Mezcla.Tensors;

/// <summary>
/// The sizes of a tensor's axes: up to eight, stored inside the struct, so that a tensor needs one managed object and not two.
/// </summary>
public struct Shape : IEquatable<Shape>
{
    /// <summary>The most axes a tensor can have.</summary>
    public const int MaxRank = 8;

    [InlineArray(MaxRank)]
    private struct Sizes
    {
        private int _first;
    }

    private Sizes _sizes;
    private byte _rank;

    /// <summary>The shape with these sizes.</summary>
    /// <exception cref="ArgumentException">There are more than eight, one is negative, or their product
    /// is too large to be addressed.</exception>
    public Shape(params ReadOnlySpan<int> from)
    {
        if (from.Length > MaxRank)
            throw new ArgumentException($"A tensor has at most {MaxRank} axes; {Text(from)} has {from.Length}.");
        from.CopyTo(_sizes);
        _rank = (byte)from.Length;
        long count = 1;
        foreach (var size in from)
        {
            if (size < 0)
                throw new ArgumentException($"A size cannot be negative: {Text(from)}.");
            // Once the product is zero it stays zero, whatever the other sizes are.
            if (size != 0 && count > long.MaxValue / 8 / size)
                throw new ArgumentException($"A tensor {Text(from)} would have more elements than can be addressed.");
            count *= size;
        }
    }

    /// <summary>The number of axes.</summary>
    public readonly int Rank => _rank;

    /// <summary>The size of an axis, counted from 0.</summary>
    public readonly int this[int axis] => _sizes[axis];

    /// <summary>The sizes.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<int> Span => ((ReadOnlySpan<int>)_sizes)[.._rank];

    /// <summary>The number of elements.</summary>
    public readonly long Count => Product(0, _rank);

    /// <summary>The product of the sizes of axes <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive).</summary>
    public readonly long Product(int from, int to)
    {
        long product = 1;
        for (var i = from; i < to; i++)
            product *= _sizes[i];
        return product;
    }

    /// <summary>This shape with one size replaced.</summary>
    public readonly Shape With(int axis, int size)
    {
        Shape shape = this;
        shape._sizes[axis] = size;
        return shape;
    }

    /// <summary>This shape without one axis.</summary>
    public readonly Shape Without(int axis)
    {
        Span<int> rest = stackalloc int[MaxRank];
        Span[..axis].CopyTo(rest);
        Span[(axis + 1)..].CopyTo(rest[axis..]);
        return new Shape(rest[..(_rank - 1)]);
    }

    /// <summary>This shape with one more axis.</summary>
    /// <exception cref="ArgumentException">It has eight already.</exception>
    public readonly Shape Insert(int axis, int size)
    {
        if (_rank == MaxRank)
            throw new ArgumentException($"{this} cannot take another axis: a tensor has at most {MaxRank}.");
        Span<int> more = stackalloc int[MaxRank];
        Span[..axis].CopyTo(more);
        more[axis] = size;
        Span[axis..].CopyTo(more[(axis + 1)..]);
        return new Shape(more[..(_rank + 1)]);
    }

    /// <summary>Row-major strides, in elements.</summary>
    public readonly AxisStrides Strides()
    {
        var strides = new AxisStrides();
        long stride = 1;
        for (var i = _rank - 1; i >= 0; stride *= _sizes[i--])
            strides[i] = stride;
        return strides;
    }

    /// <summary>
    /// Row-major strides, in elements, of this shape when it is broadcast to <paramref name="target"/>: 0 along repeated axes.
    /// </summary>
    public readonly AxisStrides BroadcastStrides(in Shape target)
    {
        var strides = new AxisStrides();
        long stride = 1;
        for (int i = _rank - 1, j = target._rank - 1; i >= 0; i--, j--)
        {
            strides[j] = _sizes[i] == 1 ? 0 : stride;
            stride *= _sizes[i];
        }
        return strides;
    }

    /// <summary>
    /// The shape that two shapes broadcast to: sizes of 1 are repeated and missing leading axes are added (NumPy's rule).
    /// </summary>
    public static Shape Broadcast(string operation, in Shape a, in Shape b)
    {
        if (a == b)
            return a;
        Span<int> sizes = stackalloc int[MaxRank];
        int rank = Math.Max(a._rank, b._rank);
        for (var i = 1; i <= rank; i++)
        {
            int left = i <= a._rank ? a._sizes[a._rank - i] : 1, right = i <= b._rank ? b._sizes[b._rank - i] : 1;
            if (left != right && left != 1 && right != 1)
                throw new ArgumentException($"{operation}: {a} with {b}: sizes {left} and {right} of axis -{i} differ and neither is 1.");
            sizes[rank - i] = left == 1 ? right : left;
        }
        return new Shape(sizes[..rank]);
    }

    /// <inheritdoc/>
    public readonly bool Equals(Shape other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override readonly bool Equals(object? other) => other is Shape shape && Equals(shape);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(_rank, Count);

    /// <summary>Whether all sizes are equal.</summary>
    public static bool operator ==(in Shape a, in Shape b) => a.Equals(b);

    /// <summary>Whether the number of axes or a size differs.</summary>
    public static bool operator !=(in Shape a, in Shape b) => !a.Equals(b);

    /// <summary>The sizes in brackets, such as <c>[2, 3]</c>.</summary>
    public override readonly string ToString() => Text(Span);

    /// <summary>Sizes in brackets, such as <c>[2, 3]</c>.</summary>
    public static string Text(ReadOnlySpan<int> sizes) => $"[{string.Join(", ", sizes.ToArray())}]";
}
