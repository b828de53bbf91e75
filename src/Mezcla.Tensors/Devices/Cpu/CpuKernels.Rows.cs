using System.Numerics.Tensors;

namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void Softmax(Handle x, Handle y, long rows, long n, bool log)
    {
        float* from = Floats(x), to = Floats(y);
        for (long r = 0; r < rows && n > 0; r++, from += n, to += n)
        {
            float max = TensorPrimitives.Max(new ReadOnlySpan<float>(from, (int)n)), sum = 0;
            for (long i = 0; i < n; i++)
                sum += to[i] = MathF.Exp(from[i] - max);
            float shift = max + MathF.Log(sum), scale = 1 / sum;
            for (long i = 0; i < n; i++)
                to[i] = log ? from[i] - shift : to[i] * scale;
        }
    }

    internal override void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate)
    {
        float* value = Floats(y), g = Floats(dy), to = Floats(dx);
        for (long r = 0; r < rows; r++, value += n, g += n, to += n)
        {
            float dot = 0;
            for (long i = 0; i < n; i++)
                dot += log ? g[i] : g[i] * value[i];
            for (long i = 0; i < n; i++)
            {
                float result = log ? g[i] - MathF.Exp(value[i]) * dot : value[i] * (g[i] - dot);
                to[i] = accumulate ? to[i] + result : result;
            }
        }
    }

    internal override void LogSumExp(Handle x, Handle y, long rows, long n)
    {
        float* from = Floats(x), to = Floats(y);
        for (long r = 0; r < rows; r++)
            to[r] = RowLogSumExp(from + r * n, n);
    }

    private static float RowLogSumExp(float* x, long n)
    {
        if (n == 0)
            return float.NegativeInfinity;
        float max = TensorPrimitives.Max(new ReadOnlySpan<float>(x, (int)n)), sum = 0;
        if (float.IsInfinity(max))
            return max;
        for (long i = 0; i < n; i++)
            sum += MathF.Exp(x[i] - max);
        return max + MathF.Log(sum);
    }

    internal override void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate)
    {
        float* from = Floats(x), to = Floats(dx);
        for (long r = 0; r < rows; r++, from += n, to += n)
            for (long i = 0; i < n; i++)
            {
                float result = Floats(dy)[r] * MathF.Exp(from[i] - Floats(y)[r]);
                to[i] = accumulate ? to[i] + result : result;
            }
    }

    internal override long CrossEntropy(Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing)
    {
        float* row = Floats(x);
        int* label = Ints(labels);
        double total = 0;
        long counted = 0;
        for (long r = 0; r < rows; r++, row += n)
        {
            if (label[r] == ignore)
                continue;
            if ((uint)label[r] >= n)
                return r;
            float all = Floats(lse)[r] = RowLogSumExp(row, n);
            total += (1 - smoothing) * (all - row[label[r]]);
            if (smoothing > 0)
                total += smoothing * (all - RowSum(row, n, squares: false) / n);
            counted++;
        }
        Floats(loss)[0] = (float)(total / counted);
        Floats(loss)[1] = counted;
        return -1;
    }

    internal override void CrossEntropyBackward(Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n, int ignore, float smoothing, bool accumulate)
    {
        float* row = Floats(x), to = Floats(dx);
        int* label = Ints(labels);
        float scale = *Floats(dloss) / Floats(loss)[1], floor = smoothing / n;
        for (long r = 0; r < rows; r++, row += n, to += n)
        {
            bool ignored = label[r] == ignore;
            if (ignored && !accumulate)
                new Span<float>(to, (int)n).Clear();
            if (ignored)
                continue;
            float all = Floats(lse)[r];
            for (long i = 0; i < n; i++)
            {
                float result = scale * (MathF.Exp(row[i] - all) - floor);
                to[i] = accumulate ? to[i] + result : result;
            }
            to[label[r]] -= scale * (1 - smoothing);
        }
    }

    internal override void LayerNorm(Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n, float epsilon)
    {
        float* from = Floats(x), to = Floats(y), w = Floats(weight), b = Floats(bias);
        for (long r = 0; r < rows; r++, from += n, to += n)
        {
            double sum = 0, squares = 0;
            for (long i = 0; i < n; i++)
                sum += from[i];
            float middle = (float)(sum / n);
            for (long i = 0; i < n; i++)
                squares += ((double)from[i] - middle) * (from[i] - middle);
            float scale = (float)(1 / Math.Sqrt(squares / n + epsilon));
            (Floats(mean)[r], Floats(inverse)[r]) = (middle, scale);
            for (long i = 0; i < n; i++)
                to[i] = (from[i] - middle) * scale * (w == null ? 1 : w[i]) + (b == null ? 0 : b[i]);
        }
    }

    internal override void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias)
        => NormBackward(x, weight, mean, inverse, dy, rows, n, dx, accumulateX, dWeight, accumulateWeight, dBias, accumulateBias);

    internal override void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon)
    {
        float* from = Floats(x), to = Floats(y), w = Floats(weight);
        for (long r = 0; r < rows; r++, from += n, to += n)
        {
            float scale = Floats(inverse)[r] = (float)(1 / Math.Sqrt(RowSum(from, n, squares: true) / n + epsilon));
            for (long i = 0; i < n; i++)
                to[i] = from[i] * scale * (w == null ? 1 : w[i]);
        }
    }

    internal override void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight)
        => NormBackward(x, weight, default, inverse, dy, rows, n, dx, accumulateX, dWeight, accumulateWeight, default, false);

    private void NormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias)
    {
        float* from = Floats(x), g = Floats(dy), to = Floats(dx), w = Floats(weight), dw = Floats(dWeight), db = Floats(dBias);
        if (dw != null && !accumulateWeight)
            Fill(dWeight, n, 0);
        if (db != null && !accumulateBias)
            Fill(dBias, n, 0);
        for (long r = 0; r < rows; r++, from += n, g += n)
        {
            bool centred = !mean.IsNull;
            float middle = centred ? Floats(mean)[r] : 0, scale = Floats(inverse)[r];
            double sum = 0, dot = 0;
            for (long i = 0; i < n; i++)
            {
                float normal = (from[i] - middle) * scale, weighted = g[i] * (w == null ? 1 : w[i]);
                sum += weighted;
                dot += weighted * normal;
                if (dw != null)
                    dw[i] += g[i] * normal;
                if (db != null)
                    db[i] += g[i];
            }
            float average = centred ? (float)(sum / n) : 0, along = (float)(dot / n);
            if (to == null)
                continue;
            for (long i = 0; i < n; i++)
            {
                float normal = (from[i] - middle) * scale, result = scale * (g[i] * (w == null ? 1 : w[i]) - average - normal * along);
                to[i] = accumulateX ? to[i] + result : result;
            }
            to += n;
        }
    }
}
