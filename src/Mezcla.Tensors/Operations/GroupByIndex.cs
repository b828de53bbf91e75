using System.Numerics.Tensors;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

/// <summary>Choices sorted by the group they chose; M = tokens·k places, those of group g from offsets[g] to offsets[g + 1], then what was left over.</summary>
/// <param name="Order">The flat position t·k + j of each place's choice, Int32 [M].</param>
/// <param name="Rows">Its token t, Int32 [M].</param>
/// <param name="Groups">Its group, Int32 [M]; 0 for what was left over.</param>
/// <param name="Kept">1, or 0 for what was left over [M].</param>
/// <param name="Offsets">Int32 [groups + 1].</param>
public sealed record Grouping(Tensor Order, Tensor Rows, Tensor Groups, Tensor Kept, Tensor Offsets);

public static partial class TensorOperations
{
    /// <summary>
    /// Sorts the choices of tokens by the group they chose, so that <see cref="GroupedMatMul"/> can serve each group at once (the permutation of MegaBlocks,
    /// Gale et al., arXiv:2211.15841). No gradient.
    /// </summary>
    /// <param name="ids">The groups chosen, Int32 [tokens, k]; a negative one is no choice.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="capacity">The most choices a group keeps; null for all.</param>
    /// <param name="priority">Which choices a full group keeps: those with the largest numbers of [tokens, k]; null for first choices before second, earlier tokens before later.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or an id is not below the number of groups.</exception>
    public static Grouping GroupByIndex(this Tensor ids, int groups, int? capacity = null, Tensor? priority = null)
    {
        ids.Integers("GroupByIndex", "the ids");
        if (ids.Rank != 2)
            throw new ArgumentException($"GroupByIndex: ids {ids.Layout} must be [tokens, k].");
        if (priority is not null && (priority.Floats("GroupByIndex").Layout != ids.Layout))
            throw new ArgumentException($"GroupByIndex: the priority {priority.Layout} must have the shape of the ids {ids.Layout}.");
        var check = CheckIds("GroupByIndex", ids, groups);
        int count = (int)ids.Count;
        Tensor Ints(int n) => Tensor.Empty("GroupByIndex", new Shape(n), DType.Int32, ids.Device);
        var result = new Grouping(Ints(count), Ints(count), Ints(count), Tensor.Empty("GroupByIndex", new Shape(count), DType.Float32, ids.Device), Ints(groups + 1));
        ids.Kernels.GroupByIndex(ids.Handle, priority is null ? default : priority.Handle, ids.Size(0), ids.Size(1), groups, capacity ?? int.MaxValue,
            result.Order.Handle, result.Rows.Handle, result.Groups.Handle, result.Kept.Handle, result.Offsets.Handle, check);
        GC.KeepAlive(ids);
        GC.KeepAlive(priority);
        return result;
    }

    /// <summary>How often each of 0..groups-1 stands in Int32 ids of any shape, Float32 [groups]; negative ids are skipped. No gradient.</summary>
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

    /// <summary>Looks, on the processor, whether an id is too large; elsewhere the kernel does that.</summary>
    private static IndexCheck CheckIds(string name, Tensor ids, int groups)
    {
        var check = new IndexCheck(name, IndexKind.Group, ids.Layout, groups);
        if (ids.Count == 0 || !ids.Kernels.IsHostMemory)
            return check;
        var values = Tensor.CpuSpan<int>(ids.Handle, checked((int)ids.Count));
        return TensorPrimitives.Max(values) < groups ? check : throw check.Error(values.IndexOfAnyInRange(groups, int.MaxValue), values[values.IndexOfAnyInRange(groups, int.MaxValue)]);
    }
}
