using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate)
        => SumKernels.Run(Floats(x), Floats(y), outer, n, inner, scale, squares, accumulate);

    public override void ArgExtreme(Handle x, Handle y, long outer, long n, long inner, bool largest)
        => CpuRanges.Run(outer * inner, n, new ArgExtremeJob { X = Floats(x), Y = Ints(y), N = n, Inner = inner, Largest = largest });

    private struct ArgExtremeJob : IRangeJob
    {
        public float* X;
        public int* Y;
        public long N, Inner;
        public bool Largest;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            for (long line = from; line < to; line++)
            {
                float* x = X + line / Inner * N * Inner + line % Inner;
                float best = *x;
                int at = 0;
                for (int j = 1; j < N && !float.IsNaN(best); j++)
                {
                    float value = x[j * Inner];
                    if ((Largest ? value > best : value < best) || float.IsNaN(value))
                        (best, at) = (value, j);
                }
                Y[line] = at;
            }
        }
    }

    public override void Sort(Handle x, Handle values, Handle indices, long rows, long n, long k, bool descending)
        => CpuRanges.Run(rows, 4 * n, new SortJob { X = Floats(x), Values = Floats(values), At = Ints(indices), N = (int)n, K = (int)k, Descending = descending });

    private struct SortJob : IRangeJob
    {
        public float* X, Values;
        public int* At;
        public int N, K;
        public bool Descending;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            var order = K > 8 ? new int[N] : null;
            for (long r = from; r < to; r++)
            {
                float* x = X + r * N, values = Values + r * K;
                int* at = At + r * K;
                var byValue = new ByValue(x, Descending);
                if (order is null)
                    First(byValue, N, at, K);
                else
                {
                    for (int i = 0; i < N; i++)
                        order[i] = i;
                    order.AsSpan().Sort(byValue);
                    order.AsSpan(0, K).CopyTo(new Span<int>(at, K));
                }
                for (int i = 0; i < K; i++)
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
                int place = found < k ? found++ : k - 1;
                for (; place > 0 && order.Compare(i, at[place - 1]) < 0; place--)
                    at[place] = at[place - 1];
                at[place] = i;
            }
        }
    }

    /// <summary>By value, NaN as the largest, then by place: a total order, so that any way of sorting gives the stable result.</summary>
    private readonly struct ByValue(float* x, bool descending) : IComparer<int>
    {
        public int Compare(int a, int b)
        {
            float left = x[a], right = x[b];
            int order = left < right ? -1 : left > right ? 1 : float.IsNaN(left).CompareTo(float.IsNaN(right));
            return order == 0 ? a.CompareTo(b) : descending ? -order : order;
        }
    }
}
