using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Softmax, its logarithm, and log-sum-exp over rows of n. The largest
/// element is subtracted first, so that nothing overflows.</summary>
internal static unsafe class SoftmaxKernels
{
    /// <summary>y = e^(x - m) / Σ e^(x - m), m the largest of the row; or its logarithm, x - m - ln Σ.</summary>
    public static void Forward(float* x, float* y, long rows, int n, bool log) =>
        Run(new Job { X = x, Y = y, Rows = rows, N = n, Step = log ? Step.Log : Step.Plain });

    /// <summary>dx (+)= y (dy - Σ dy y), or for the logarithm dy - e^y Σ dy.</summary>
    public static void Backward(float* y, float* dy, float* dx, long rows, int n, bool log, bool accumulate) => Run(new Job
    {
        X = y,
        Gradient = dy,
        Y = dx,
        Rows = rows,
        N = n,
        Step = log ? Step.LogBackward : Step.Backward,
        Accumulate = accumulate,
    });

    /// <summary>y[r] = ln Σ e^x[r, :].</summary>
    public static void LogSumExp(float* x, float* y, long rows, int n) =>
        Run(new Job { X = x, Y = y, Rows = rows, N = n, Step = Step.LogSumExp });

    /// <summary>dx[r, c] (+)= dy[r] e^(x[r, c] - y[r]), y what <see cref="LogSumExp"/> gave.</summary>
    public static void LogSumExpBackward(float* x, float* y, float* dy, float* dx, long rows, int n, bool accumulate) => Run(new Job
    {
        X = x,
        Y = dx,
        Gradient = dy,
        LogSums = y,
        Rows = rows,
        N = n,
        Step = Step.LogSumExpBackward,
        Accumulate = accumulate,
    });

    /// <summary>ln Σ e^x of one row.</summary>
    [MethodImpl(Lanes.Inline)]
    public static float RowLogSumExp<L>(float* x, int n) where L : unmanaged, ILanes<L>
    {
        var max = RowMath.Max<L>(x, n);
        // All -infinity (or none): the sum is 0, not NaN.
        return float.IsNegativeInfinity(max) ? max : max + RowMath.Log<L>(RowMath.SumExp<L>(x, null, max, n));
    }

    private static void Run(Job job)
    {
        var perChunk = RowMath.RowsPerChunk(job.N);
        Simd.Run((int)((job.Rows + perChunk - 1) / perChunk), job);
    }

    private enum Step { Plain, Log, Backward, LogBackward, LogSumExp, LogSumExpBackward }

    private struct Job : IVectorJob
    {
        public float* X, Gradient, Y, LogSums;
        public long Rows;
        public int N;
        public Step Step;
        public bool Accumulate;

        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var perChunk = RowMath.RowsPerChunk(N);
            var start = (nint)chunk * perChunk;
            var end = Math.Min(Rows, start + perChunk);
            for (var row = start; row < end; row++)
            {
                float* x = X + row * N, y = Y + row * N;
                switch (Step)
                {
                    case Step.Plain:
                        Plain<L>(x, y, N);
                        break;
                    case Step.Log:
                        Shift<L>(x, y, RowLogSumExp<L>(x, N), N);
                        break;
                    case Step.LogSumExp:
                        Y[row] = RowLogSumExp<L>(x, N);
                        break;
                    case Step.LogSumExpBackward:
                        Spread<L>(x, LogSums[row], Gradient[row], y);
                        break;
                    default:
                        RowBackward<L>(x, Gradient + row * N, y, N);
                        break;
                }
            }
        }

        [MethodImpl(Lanes.Kernel)]
        private static void Plain<L>(float* x, float* y, int n) where L : unmanaged, ILanes<L>
        {
            var sum = RowMath.SumExp<L>(x, y, RowMath.Max<L>(x, n), n);
            var factor = L.Of(1 / sum);
            for (var i = 0; i < n; i += Lanes.Width)
                Lanes.StoreFirst(Lanes.LoadFirst<L>(y + i, n - i) * factor, y + i, n - i);
        }

        [MethodImpl(Lanes.Kernel)]
        private static void Shift<L>(float* x, float* y, float shift, int n) where L : unmanaged, ILanes<L>
        {
            var minus = L.Of(shift);
            for (var i = 0; i < n; i += Lanes.Width)
                Lanes.StoreFirst(Lanes.LoadFirst<L>(x + i, n - i) - minus, y + i, n - i);
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void RowBackward<L>(float* y, float* dy, float* dx, int n) where L : unmanaged, ILanes<L>
        {
            var log = Step == Step.LogBackward;
            var sum = L.Of(log ? RowMath.Sum<RowMath.Value, L>(dy, dy, 0, n) : RowMath.Sum<RowMath.Times, L>(y, dy, 0, n));
            for (var i = 0; i < n; i += Lanes.Width)
            {
                L value = Lanes.LoadFirst<L>(y + i, n - i), gradient = Lanes.LoadFirst<L>(dy + i, n - i);
                var result = log ? gradient - VectorMath.Exp(value) * sum : value * (gradient - sum);
                if (Accumulate)
                    result += Lanes.LoadFirst<L>(dx + i, n - i);
                Lanes.StoreFirst(result, dx + i, n - i);
            }
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Spread<L>(float* x, float shift, float gradient, float* dx) where L : unmanaged, ILanes<L>
        {
            L minus = L.Of(shift), factor = L.Of(gradient);
            for (var i = 0; i < N; i += Lanes.Width)
            {
                var result = factor * VectorMath.Exp(Lanes.LoadFirst<L>(x + i, N - i) - minus);
                if (Accumulate)
                    result += Lanes.LoadFirst<L>(dx + i, N - i);
                Lanes.StoreFirst(result, dx + i, N - i);
            }
        }
    }
}
