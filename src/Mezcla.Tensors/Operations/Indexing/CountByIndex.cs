namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Counts how often each of 0..groups-1 occurs in Int32 ids of any shape. The result is Float32
    /// [groups]; negative ids are skipped. No gradient.
    /// </summary>
    /// <exception cref="ArgumentException">An id is not below the number of groups.</exception>
    public static Tensor CountByIndex(this Tensor ids, int groups)
    {
        ids.Integers("CountByIndex", "the ids");
        var check = CheckIds("CountByIndex", ids, groups);
        var counts = Tensor.Empty("CountByIndex", new Shape(groups), DType.Float32, ids.Device);
        ids.Kernels.CountByIndex(ids.Handle, ids.Count, counts.Handle, groups, check);
        GC.KeepAlive(ids);
        return counts;
    }
}
