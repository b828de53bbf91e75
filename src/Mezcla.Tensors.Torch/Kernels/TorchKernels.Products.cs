using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

internal sealed unsafe partial class TorchKernels
{
    // Offsets of groups that were read: a layer's products share one reading, forwards and
    // backwards. What writes to a block forgets what was read of it.
    private readonly Dictionary<Storage, (long Offset, int[] Numbers)> _offsets = [];

    /// <summary>Factors of bfloat16 have their sums in float32 on any device.</summary>
    public override ProductPrecision Precision { get; set; }

    private bool IsNarrow => Precision == ProductPrecision.BFloat16;

    public override void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        var (batch, m, n, k, transposeA, transposeB, strideA, strideB, strideC) = product;
        if (batch == 0 || m == 0 || n == 0)
            return;
        if (k == 0 && bias.IsNull)
        {
            Clear(c, strideC == 0 ? (long)m * n : (long)batch * m * n, accumulate);
            return;
        }

        if (batch > 1 && strideC == 0)
        {
            // All products go to one place: their sum, in order.
            for (var i = 0; i < batch; i++)
                MatMul(product with { Batch = 1 }, a.Plus(i * strideA * 4), b.Plus(i * strideB * 4), bias, c, accumulate || i > 0);
            return;
        }

        if (batch > 1 && strideB == 0 && !transposeA && strideA == (long)m * k && strideC == (long)m * n && (long)batch * m <= int.MaxValue)
        {
            // One matrix for all: the rows of all are one product.
            MatMul(product with { Batch = 1, M = batch * m }, a, b, bias, c, accumulate);
            return;
        }

        long ai = transposeA ? 1 : k, ak = transposeA ? m : 1, bk = transposeB ? 1 : n, bj = transposeB ? k : 1;
        if (batch == 1)
            Run("matmul"u8, c, View(a, Block.Float32, [m, k], [ai, ak]), View(b, Block.Float32, [k, n], [bk, bj]), F(bias, n), F(c, m, n),
                accumulate, IsNarrow);
        else
            Run("matmul"u8, c, View(a, Block.Float32, [batch, m, k], [strideA, ai, ak]),
                View(b, Block.Float32, [batch, k, n], [strideB, bk, bj]), F(bias, n),
                View(c, Block.Float32, [batch, m, n], [strideC, n, 1]), accumulate, IsNarrow);
    }

    public override long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k, bool transposeB,
        bool accumulate, in IndexCheck check)
    {
        var numbers = Offsets(offsets, groups);
        if (check.Operation is not null)
            for (var i = 0; i <= groups; i++)
                if (numbers[i] > rows || (i == 0 ? numbers[0] != 0 : numbers[i] < numbers[i - 1]))
                    return i;
        if (rows * n == 0)
            return -1;
        Run("grouped_matmul"u8, c, F(a, rows, k),
            View(b, Block.Float32, [groups, k, n], [(long)k * n, transposeB ? 1 : n, transposeB ? k : 1]), Numbers(numbers), F(c, rows, n),
            accumulate, IsNarrow);
        return -1;
    }

    public override void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
    {
        if (groups * (long)m * n > 0)
            Run("grouped_outer"u8, c, F(a, rows, m), F(b, rows, n), Numbers(Offsets(offsets, groups)), F(c, groups, m, n), accumulate,
                IsNarrow);
    }

    public override void GroupByIndex(Handle ids, Handle priority, int tokens, int k, int groups, int capacity, Handle order, Handle rows,
        Handle groupOf, Handle kept, Handle offsets, in IndexCheck check)
    {
        foreach (var written in (ReadOnlySpan<Handle>)[order, rows, groupOf, kept])
            Forget(written);
        var n = (long)tokens * k;
        if (n == 0)
            Fill(offsets, groups + 1, 0);
        else
            Run("group_by_index"u8, offsets, I(ids, tokens, k), F(priority, tokens, k), I(order, n), I(rows, n), I(groupOf, n), F(kept, n),
                I(offsets, groups + 1), groups, capacity,
                Record, Number(check));
    }

    public override void CountByIndex(Handle ids, long n, Handle counts, int groups, in IndexCheck check)
    {
        if (groups == 0)
            Look(ids, n, 0, check);
        else if (n == 0)
            Fill(counts, groups, 0);
        else
            Run("count_by_index"u8, counts, I(ids, n), F(counts, groups), Record, Number(check));
    }

    private int[] Offsets(Handle handle, int groups)
    {
        lock (_offsets)
        {
            if (_offsets.TryGetValue(handle.Storage!, out var known) && known.Offset == handle.Offset && known.Numbers.Length == groups + 1)
                return known.Numbers;
            var numbers = new int[groups + 1];
            Read(Block.Of(handle.Storage!), handle.Offset, MemoryMarshal.AsBytes(numbers.AsSpan()));
            _offsets[handle.Storage!] = (handle.Offset, numbers);
            return numbers;
        }
    }

    // The processor's own copy as a tensor.
    private static Argument Numbers(int[] numbers)
    {
        long n = numbers.Length;
        var tensor = LibTorch.THSTensor_empty(&n, 1, Block.Int64, 0, -1, 0);
        LibTorch.Check("The offsets of groups");
        var to = new Span<long>((void*)LibTorch.THSStorage_data_ptr(tensor), numbers.Length);
        for (var i = 0; i < to.Length; i++)
            to[i] = numbers[i];
        return Argument.View(tensor);
    }

    private void Forget(Handle written)
    {
        // Read without the lock: who reads offsets has written them on this thread before.
        if (_offsets.Count == 0 || written.IsNull)
            return;
        lock (_offsets)
            _offsets.Remove(written.Storage!);
    }
}
