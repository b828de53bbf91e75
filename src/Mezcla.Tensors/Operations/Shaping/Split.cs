namespace Mezcla.Tensors;

public static partial class TensorOperations
{
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
}
