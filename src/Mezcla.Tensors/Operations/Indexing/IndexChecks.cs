namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    private static void CheckIndex(string name, Tensor x, int axis, Tensor index)
    {
        if (index.Rank != x.Rank || index.Sizes.With(axis, 0) != x.Sizes.With(axis, 0))
            throw new ArgumentException($"{name}: the index {index.Sizes} must have the shape {x.Sizes} but for axis {axis}.");
    }

    /// <summary>Throws if a kernel returned the position of an index outside its range.</summary>
    private static void ThrowIfOutside(in IndexCheck check, Tensor index, long bad)
    {
        if (bad >= 0)
            throw check.Error(bad, index.ToIntArray()[bad]);
        GC.KeepAlive(index);
    }

    // If the CPU can read the ids, they are checked before the kernel runs; otherwise the kernel checks them.
    private static IndexCheck CheckIds(string name, Tensor ids, int groups)
    {
        var check = new IndexCheck(name, IndexKind.Group, ids.Sizes, groups);
        if (!ids.Kernels.IsHostMemory)
            return check;
        var values = Tensor.CpuSpan<int>(ids.Handle, checked((int)ids.Count));
        var wrong = values.IndexOfAnyInRange(groups, int.MaxValue);
        return wrong < 0 ? check : throw check.Error(wrong, values[wrong]);
    }
}
