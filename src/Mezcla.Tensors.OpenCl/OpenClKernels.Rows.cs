using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

internal sealed unsafe partial class OpenClKernels
{
    // Longer axes are summed block by block, and the blocks then in order.
    private const long SumBlock = 4096, ColumnBlock = 256, ShortSort = 128, FewFirst = 16, FewRows = 64, FewGroups = 1024;

    public override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
    {
        long block = inner == 1 ? SumBlock : ColumnBlock, blocks = Math.Max(1, (n + block - 1) / block);
        if (blocks == 1)
        {
            SumBlocks(x, y, outer, n, inner, block, 1, squares, scale, accumulate);
            return;
        }
        var parts = Rent(outer * blocks * inner);
        SumBlocks(x, parts, outer, n, inner, block, blocks, squares, 1, false);
        Sum(parts, y, outer, blocks, inner, scale, false, accumulate);
        parts.Storage!.Release();
    }

    private void SumBlocks(Handle x, Handle y, long outer, long n, long inner, long block, long blocks, bool squares, float scale,
        bool accumulate)
    {
        var items = outer * blocks * inner;
        if (inner == 1)
            Groups("sum_rows", items, x, y, n, block, blocks, squares, scale, accumulate);
        else
            Each("sum_columns", items, x, y, n, inner, block, blocks, squares, scale, items, accumulate);
    }

    public override void ArgMax(Handle x, Handle y, long outer, long n, long inner)
        => Each("arg_max", outer * inner, x, y, n, inner, outer * inner);

    public override void TopK(Handle x, Handle values, Handle indices, long rows, long n, long k)
    {
        // With k = 0 there is nothing to do, and the kernels keep at least one element.
        if (k == 0)
            return;
        // Routing: the few first of a few experts.
        if (k <= FewFirst && n <= (_group > 1 ? FewGroups : long.MaxValue))
        {
            if (n <= FewRows || _group == 1)
                Each("top_k_rows", rows, x, values, indices, n, k, rows);
            else
                Groups("top_k_groups", rows, x, values, indices, n, k);
            return;
        }
        if (n <= ShortSort)
        {
            Each("sort_by_rank", rows * n, x, values, indices, n, k, rows * n);
            return;
        }
        Handle from = Rent(rows * n), to = Rent(rows * n);
        Each("sort_start", rows * n, from, n, rows * n);
        for (long width = 1; width < n; width *= 2, (from, to) = (to, from))
            Each("sort_merge", rows * n, x, from, to, n, width, rows * n);
        Each("sort_finish", rows * k, x, from, values, indices, n, k, rows * k);
        from.Storage!.Release();
        to.Storage!.Release();
    }

    public override void Softmax(Handle x, Handle y, long rows, long n, bool log) => Groups("softmax", rows, x, y, n, log);

    public override void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate)
        => Groups("softmax_backward", rows, y, dy, dx, n, log, accumulate);

    public override void LogSumExp(Handle x, Handle y, long rows, long n) => Groups("log_sum_exp_rows", rows, x, y, n);

    public override void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate)
        => Each("log_sum_exp_backward", rows * n, x, y, dy, dx, n, rows * n, accumulate);

    public override long CrossEntropy(Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing,
        in IndexCheck check)
    {
        var costs = Rent(rows);
        Groups("cross_entropy", rows, x, labels, lse, costs, n, (long)ignore, smoothing, Record, Number(check));
        Groups("cross_entropy_mean", 1, costs, labels, loss, rows, (long)ignore);
        costs.Storage!.Release();
        return -1;
    }

    public override void CrossEntropyBackward(Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n,
        int ignore, float smoothing, bool accumulate)
        => Each("cross_entropy_backward", rows * n, x, labels, lse, loss, dloss, dx, n, (long)ignore, smoothing, rows * n, accumulate);

    public override void LayerNorm(Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n,
        float epsilon)
        => Groups("norm_rows", rows, x, weight, bias, y, mean, inverse, n, epsilon);

    public override void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias)
    {
        if (!dx.IsNull)
            Groups("norm_backward", rows, x, weight, mean, inverse, dy, dx, n, accumulateX);
        if (dWeight.IsNull && dBias.IsNull)
            return;
        long block = Math.Max(32, (rows + 127) / 128), parts = (rows + block - 1) / block;
        Handle weights = Rent(parts * n), biases = Rent(parts * n);
        Each("norm_parameters", parts * n, x, mean, inverse, dy, weights, biases, rows, n, block, parts * n);
        if (!dWeight.IsNull)
            Sum(weights, dWeight, 1, parts, n, 1, false, accumulateWeight);
        if (!dBias.IsNull)
            Sum(biases, dBias, 1, parts, n, 1, false, accumulateBias);
        weights.Storage!.Release();
        biases.Storage!.Release();
    }

    public override void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon)
        => LayerNorm(x, weight, default, y, default, inverse, rows, n, epsilon);

    public override void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n, Handle dx, bool accumulateX,
        Handle dWeight, bool accumulateWeight)
        => LayerNormBackward(x, weight, default, inverse, dy, rows, n, dx, accumulateX, dWeight, accumulateWeight, default, false);
}
