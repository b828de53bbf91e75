using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
        => SumKernels.Run(Floats(x), Floats(y), outer, n, inner, scale, squares, accumulate);

    public override void ArgMax(Handle x, Handle y, long outer, long n, long inner)
        => CpuRanges.Run(outer * inner, n, new ArgMaxJob { X = Floats(x), Y = Ints(y), N = n, Inner = inner });

    private struct ArgMaxJob : IRangeJob
    {
        public float* X;
        public int* Y;
        public long N, Inner;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            for (var line = from; line < to; line++)
            {
                var x = X + line / Inner * N * Inner + line % Inner;
                var best = *x;
                var at = 0;
                for (var j = 1; j < N && !float.IsNaN(best); j++)
                {
                    var value = x[j * Inner];
                    if (value > best || float.IsNaN(value))
                        (best, at) = (value, j);
                }
                Y[line] = at;
            }
        }
    }

    public override void TopK(Handle x, Handle values, Handle indices, long rows, long n, long k)
        => CpuRanges.Run(rows, 4 * n,
            new TopKJob { X = Floats(x), Values = Floats(values), At = Ints(indices), N = (int)n, K = (int)k });

    private struct TopKJob : IRangeJob
    {
        public float* X, Values;
        public int* At;
        public int N, K;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            var order = K > 8 ? new int[N] : null;
            for (var r = from; r < to; r++)
            {
                float* x = X + r * N, values = Values + r * K;
                var at = At + r * K;
                var byValue = new ByValue(x);
                if (order is null)
                    First(byValue, N, at, K);
                else
                {
                    for (var i = 0; i < N; i++)
                        order[i] = i;
                    order.AsSpan().Sort(byValue);
                    order.AsSpan(0, K).CopyTo(new Span<int>(at, K));
                }
                for (var i = 0; i < K; i++)
                    values[i] = x[at[i]];
            }
        }

        // The few first, kept in order while passing over the row once.
        [MethodImpl(Lanes.Kernel)]
        private static void First(ByValue order, int n, int* at, int k)
        {
            for (int i = 0, found = 0; i < n && k > 0; i++)
            {
                if (found == k && order.Compare(i, at[k - 1]) > 0)
                    continue;
                var place = found < k ? found++ : k - 1;
                for (; place > 0 && order.Compare(i, at[place - 1]) < 0; place--)
                    at[place] = at[place - 1];
                at[place] = i;
            }
        }
    }

    /// <summary>Sorts by descending value with NaN as the largest, then by position. This is a total order, so every sorting algorithm
    /// gives the same, stable result.</summary>
    private readonly struct ByValue(float* x) : IComparer<int>
    {
        public int Compare(int a, int b)
        {
            float left = x[a], right = x[b];
            var order = left > right ? -1 : left < right ? 1 : float.IsNaN(right).CompareTo(float.IsNaN(left));
            return order == 0 ? a.CompareTo(b) : order;
        }
    }
}
