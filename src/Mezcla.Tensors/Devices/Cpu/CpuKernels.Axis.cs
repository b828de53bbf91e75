using System.Numerics.Tensors;

namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        if (inner == 1)
        {
            for (long o = 0; o < outer; o++)
            {
                float sum = scale * (float)RowSum(from + o * n, n, squares);
                to[o] = accumulate ? to[o] + sum : sum;
            }
            return;
        }
        for (long o = 0; o < outer; o++, to += inner, from += n * inner)
            for (long i = 0; i < inner; i++)
            {
                double sum = 0;
                for (long j = 0; j < n; j++)
                {
                    double value = from[j * inner + i];
                    sum += squares ? value * value : value;
                }
                to[i] = accumulate ? to[i] + scale * (float)sum : scale * (float)sum;
            }
    }

    // Blocks of fixed size, their sums added in order: the same for any number of threads, and small errors on long rows.
    private static double RowSum(float* x, long n, bool squares)
    {
        double sum = 0;
        for (long at = 0; at < n; at += 4096)
        {
            var block = new ReadOnlySpan<float>(x + at, (int)Math.Min(4096, n - at));
            sum += squares ? TensorPrimitives.SumOfSquares(block) : TensorPrimitives.Sum(block);
        }
        return sum;
    }

    internal override void ArgExtreme(Handle x, Handle y, long outer, long n, long inner, bool largest)
    {
        float* from = Floats(x);
        int* to = Ints(y);
        for (long o = 0; o < outer; o++, from += n * inner, to += inner)
            for (long i = 0; i < inner; i++)
            {
                float best = from[i];
                int at = 0;
                for (int j = 1; j < n && !float.IsNaN(best); j++)
                {
                    float value = from[j * inner + i];
                    if (largest ? value > best : value < best || float.IsNaN(value))
                        (best, at) = (value, j);
                    else if (float.IsNaN(value))
                        (best, at) = (value, j);
                }
                to[i] = at;
            }
    }

    internal override void CumulativeSum(Handle x, Handle y, long outer, long n, long inner, bool reverse, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        for (long o = 0; o < outer; o++, from += n * inner, to += n * inner)
            for (long i = 0; i < inner; i++)
            {
                double sum = 0;
                for (long j = 0; j < n; j++)
                {
                    long at = (reverse ? n - 1 - j : j) * inner + i;
                    sum += from[at];
                    to[at] = accumulate ? to[at] + (float)sum : (float)sum;
                }
            }
    }

    internal override void Sort(Handle x, Handle values, Handle indices, long rows, long n, long k, bool descending)
    {
        float* from = Floats(x), to = Floats(values);
        int* at = Ints(indices);
        var order = new int[n];
        for (long r = 0; r < rows; r++, from += n, to += k, at += k)
        {
            if (k <= 8)
                First(from, (int)n, to, at, (int)k, descending);
            else
            {
                for (int i = 0; i < n; i++)
                    order[i] = i;
                new Span<int>(order).Sort(new ByValue(from, descending));
                for (int i = 0; i < k; i++)
                    (at[i], to[i]) = (order[i], from[order[i]]);
            }
        }
    }

    // The few first, kept in order while passing over the row once.
    private static void First(float* x, int n, float* values, int* at, int k, bool descending)
    {
        var order = new ByValue(x, descending);
        for (int i = 0, found = 0; i < n && k > 0; i++)
        {
            if (found == k && order.Compare(i, at[k - 1]) > 0)
                continue;
            int place = found < k ? found++ : k - 1;
            for (; place > 0 && order.Compare(i, at[place - 1]) < 0; place--)
                at[place] = at[place - 1];
            at[place] = i;
        }
        for (int i = 0; i < k; i++)
            values[i] = x[at[i]];
    }

    /// <summary>By value, NaN as the largest, then by place: a total order, so that any way of sorting gives the stable result.</summary>
    private readonly struct ByValue(float* x, bool descending) : IComparer<int>
    {
        public int Compare(int a, int b)
        {
            float left = x[a], right = x[b];
            int order = float.IsNaN(left) ? float.IsNaN(right) ? 0 : 1 : float.IsNaN(right) ? -1 : left.CompareTo(right);
            return order == 0 ? a.CompareTo(b) : descending ? -order : order;
        }
    }
}
