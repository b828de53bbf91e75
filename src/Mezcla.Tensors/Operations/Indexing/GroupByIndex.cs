namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Sorts the choices of tokens by the group they chose, so that <see cref="GroupedMatMul"/> can process each group at once (the
    /// permutation of MegaBlocks, Gale et al., arXiv:2211.15841). No gradient.
    /// </summary>
    /// <param name="ids">The groups chosen, Int32 [tokens, k]; a negative id means that no group was chosen.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="capacity">The most choices a group keeps; null for all.</param>
    /// <param name="priority">Numbers [tokens, k] that decide which choices a full group keeps: the largest. If null, first choices come
    /// before second ones, and earlier tokens before later ones.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or an id is not below the number of groups.</exception>
    public static Grouping GroupByIndex(this Tensor ids, int groups, int? capacity = null, Tensor? priority = null)
    {
        ids.Integers("GroupByIndex", "the ids");
        if (ids.Rank != 2)
            throw new ArgumentException($"GroupByIndex: ids {ids.Sizes} must be [tokens, k].");
        if (priority is not null && (priority.Floats("GroupByIndex").Sizes != ids.Sizes))
            throw new ArgumentException($"GroupByIndex: the priority {priority.Sizes} must have the shape of the ids {ids.Sizes}.");
        var check = CheckIds("GroupByIndex", ids, groups);
        var count = (int)ids.Count;
        Tensor Ints(int n) => Tensor.Empty("GroupByIndex", new Shape(n), DType.Int32, ids.Device);
        var result = new Grouping(Ints(count), Ints(count), Ints(count),
            Tensor.Empty("GroupByIndex", new Shape(count), DType.Float32, ids.Device), Ints(groups + 1));
        ids.Kernels.GroupByIndex(ids.Handle, priority is null ? default : priority.Handle, ids.Size(0), ids.Size(1), groups,
            capacity ?? int.MaxValue,
            result.Order.Handle, result.Rows.Handle, result.Groups.Handle, result.Kept.Handle, result.Offsets.Handle, check);
        GC.KeepAlive(ids);
        GC.KeepAlive(priority);
        return result;
    }
}
