namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The positions from <paramref name="start"/> of one axis: a view where all axes before it have size 1, else a copy. The
    /// gradient of the rest is 0.
    /// </summary>
    /// <param name="x">Any tensor.</param>
    /// <param name="axis">The axis; a negative number counts from the last.</param>
    /// <param name="start">The first position; a negative number counts from the end.</param>
    /// <param name="length">How many; -1 for the rest.</param>
    /// <exception cref="ArgumentException">The axis has no such positions.</exception>
    public static Tensor Slice(this Tensor x, int axis, int start, int length = -1)
    {
        axis = x.Require("Slice").Axis("Slice", axis);
        ref readonly var shape = ref x.Sizes;
        int from = start < 0 ? start + shape[axis] : start;
        int size = length == -1 ? shape[axis] - from : length;
        if (from < 0 || size < 0 || from > shape[axis] - size)
            throw new ArgumentException($"Slice: {length} positions from {start} on do not lie in axis {axis} of {shape}.");
        var result = shape.With(axis, size);
        long inner = shape.Product(axis + 1, shape.Rank);
        Tensor y;
        if (shape.Product(0, axis) == 1)
            y = x.View(result, from * inner);
        else
        {
            y = Tensor.Empty("Slice", result, x.DType, x.Device);
            Span<long> whole = stackalloc long[Shape.MaxRank], part = stackalloc long[Shape.MaxRank];
            shape.Strides(whole);
            result.Strides(part);
            x.Kernels.CopyStrided(x.Handle.Plus(from * inner * x.DType.Bytes()), whole, y.Handle, part, result, x.DType.Bytes());
        }
        if (Tape.Records(x))
            y.RecordedAs(new SliceNode(y, x, axis, from, size));
        return y;
    }

    /// <summary>Parts along one axis, of <paramref name="size"/> each; the last takes what is left. An empty axis gives one empty part.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or the size is not positive.</exception>
    public static Tensor[] Split(this Tensor x, int size, int axis = 0)
    {
        int all = x.Require("Split").Size(axis);
        if (size <= 0)
            throw new ArgumentException($"Split: parts of {x.Sizes} must have a positive size, not {size}.");
        var parts = new Tensor[Math.Max(1, (all + size - 1) / size)];
        for (int i = 0; i < parts.Length; i++)
            parts[i] = x.Slice(axis, i * size, Math.Min(size, all - i * size));
        return parts;
    }

    /// <summary>Parts along one axis, of the sizes given.</summary>
    /// <exception cref="ArgumentException">There is no such axis, or the sizes do not add up to its size.</exception>
    public static Tensor[] Split(this Tensor x, ReadOnlySpan<int> sizes, int axis = 0)
    {
        long all = 0;
        foreach (int size in sizes)
            all += size;
        if (all != x.Require("Split").Size(axis))
            throw new ArgumentException($"Split: the sizes {Shape.Text(sizes)} do not add up to axis {axis} of {x.Sizes}.");
        var parts = new Tensor[sizes.Length];
        for (int i = 0, start = 0; i < parts.Length; start += sizes[i++])
            parts[i] = x.Slice(axis, start, sizes[i]);
        return parts;
    }

    private sealed class SliceNode(Tensor y, Tensor x, int axis, int start, int length) : Node("Slice", y, x.GradNode)
    {
        private readonly Shape shape = x.Sizes;

        internal override void Backward(Handle gradient)
        {
            var dx = Input0!.Target(out bool accumulate);
            if (!accumulate)
                Kernels.Fill(dx, shape.Count, 0);
            Span<long> whole = stackalloc long[Shape.MaxRank], part = stackalloc long[Shape.MaxRank];
            var own = shape.With(axis, length);
            shape.Strides(whole);
            own.Strides(part);
            Kernels.AddStrided(gradient, part, dx.Plus(start * whole[axis] * 4), whole, own);
        }
    }
}
