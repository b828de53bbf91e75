using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Torch;

internal sealed unsafe partial class TorchKernels
{
    public override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
    {
        if (outer * inner == 0)
            return;
        // A mean of nothing has an infinite scale, and is NaN.
        var empty = scale * 0;
        if (n == 0 && (!accumulate || float.IsNaN(empty)))
            Fill(y, outer * inner, empty);
        else if (n > 0)
            Run("sum"u8, y, F(x, outer, n, inner), F(y, outer, inner), scale, squares, accumulate);
    }

    public override void ArgMax(Handle x, Handle y, long outer, long n, long inner)
    {
        if (outer * inner > 0)
            Run("arg_max"u8, y, F(x, outer, n, inner), I(y, outer, inner));
    }

    public override void TopK(Handle x, Handle values, Handle indices, long rows, long n, long k)
    {
        if (rows * k == 0)
            return;
        Forget(indices);
        Run("top_k"u8, values, F(x, rows, n), F(values, rows, k), I(indices, rows, k), k);
    }

    public override void Softmax(Handle x, Handle y, long rows, long n, bool log)
    {
        if (rows * n > 0)
            Run("softmax"u8, y, F(x, rows, n), F(y, rows, n), log);
    }

    public override void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate)
    {
        if (rows * n > 0)
            Run("softmax_backward"u8, dx, F(y, rows, n), F(dy, rows, n), F(dx, rows, n), log, accumulate);
    }

    public override void LogSumExp(Handle x, Handle y, long rows, long n)
    {
        if (rows == 0)
            return;
        if (n == 0)
            Fill(y, rows, float.NegativeInfinity);
        else
            Run("log_sum_exp"u8, y, F(x, rows, n), F(y, rows));
    }

    public override void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate)
    {
        if (rows * n > 0)
            Run("log_sum_exp_backward"u8, dx, F(x, rows, n), F(y, rows), F(dy, rows), F(dx, rows, n), accumulate);
    }

    public override long CrossEntropy(Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing,
        in IndexCheck check)
    {
        if (rows * n == 0)
        {
            Fill(loss, 1, float.NaN);
            Fill(loss.Plus(sizeof(float)), 1, 0);
            return -1;
        }

        Forget(lse);
        Run("cross_entropy"u8, loss, F(x, rows, n), I(labels, rows), F(lse, rows), F(loss, 2), ignore, smoothing, Record, Number(check));
        return -1;
    }

    public override void CrossEntropyBackward(Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n,
        int ignore, float smoothing, bool accumulate)
    {
        if (rows * n > 0)
            Run("cross_entropy_backward"u8, dx, F(x, rows, n), I(labels, rows), F(lse, rows), F(loss, 2), F(dloss, 1), F(dx, rows, n),
                ignore, smoothing, accumulate);
    }

    public override void LayerNorm(Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n,
        float epsilon)
    {
        if (rows * n == 0)
            return;
        Forget(mean);
        Forget(inverse);
        Run("layer_norm"u8, y, F(x, rows, n), F(weight, n), F(bias, n), F(y, rows, n), F(mean, rows, 1), F(inverse, rows, 1), epsilon);
    }

    public override void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias)
    {
        Forget(dWeight);
        Forget(dBias);
        if (rows * n == 0)
        {
            Clear(dWeight, n, accumulateWeight);
            Clear(dBias, n, accumulateBias);
            return;
        }

        Run("layer_norm_backward"u8, dx, F(x, rows, n), F(weight, n), F(mean, rows, 1), F(inverse, rows, 1), F(dy, rows, n), F(dx, rows, n),
            accumulateX,
            F(dWeight, n), accumulateWeight, F(dBias, n), accumulateBias);
    }

    public override void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon)
    {
        if (rows * n == 0)
            return;
        Forget(inverse);
        Run("rms_norm"u8, y, F(x, rows, n), F(weight, n), F(y, rows, n), F(inverse, rows, 1), epsilon);
    }

    public override void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n, Handle dx, bool accumulateX,
        Handle dWeight, bool accumulateWeight)
    {
        Forget(dWeight);
        if (rows * n == 0)
            Clear(dWeight, n, accumulateWeight);
        else
            Run("rms_norm_backward"u8, dx, F(x, rows, n), F(weight, n), F(inverse, rows, 1), F(dy, rows, n), F(dx, rows, n), accumulateX,
                F(dWeight, n), accumulateWeight);
    }

    // A sum over no rows.
    private void Clear(Handle y, long n, bool accumulate)
    {
        if (!y.IsNull && !accumulate)
            Fill(y, n, 0);
    }
}
