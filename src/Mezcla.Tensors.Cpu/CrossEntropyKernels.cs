using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Cross-entropy of logits x [rows, n] and labels, with smoothing s (Szegedy et al., arXiv:1512.00567, section 7): row r costs
/// (1 - s)(lse - x[label]) + s (lse - mean x), lse = ln Σ e^x. The probabilities are never stored: the backward pass
/// computes them again from lse.
/// </summary>
internal static unsafe class CrossEntropyKernels
{
    /// <summary>
    /// lse[r] for every row; loss[0] = the mean cost of the rows whose label is not <paramref name="ignore"/>, loss[1] = their number.
    /// Returns the first row whose label is neither ignored nor from 0 to n - 1, or -1; then nothing is computed.
    /// </summary>
    public static long Forward(float* x, int* labels, float* lse, float* loss, long rows, int n, int ignore, float smoothing)
    {
        for (var r = 0L; r < rows; r++)
            if (labels[r] != ignore && (uint)labels[r] >= (uint)n)
                return r;
        var costs = CpuScratch.Floats(CpuScratch.Use.Kernel, rows);
        Run(new Job { X = x, Labels = labels, LogSums = lse, Costs = costs, Rows = rows, N = n, Ignore = ignore, Smoothing = smoothing });
        var (sum, count) = (0.0, 0L);
        for (var r = 0L; r < rows; r++)
        {
            if (labels[r] == ignore)
                continue;
            sum += costs[r];
            count++;
        }
        loss[0] = (float)(sum / count);
        loss[1] = count;
        return -1;
    }

    /// <summary>dx (+)= dloss / count · (e^(x - lse) - (1 - s) [column = label] - s / n); rows that are ignored get 0.</summary>
    public static void Backward(
        float* x, int* labels, float* lse, float count, float gradient, float* dx, long rows, int n, int ignore, float smoothing,
        bool accumulate) => Run(new Job
        {
            X = x,
            Labels = labels,
            LogSums = lse,
            Gradients = dx,
            Rows = rows,
            N = n,
            Ignore = ignore,
            Smoothing = smoothing,
            Factor = gradient / count,
            Accumulate = accumulate,
        });

    private static void Run(Job job)
    {
        var perChunk = RowMath.RowsPerChunk(job.N);
        Simd.Run((int)((job.Rows + perChunk - 1) / perChunk), job);
    }

    private struct Job : IVectorJob
    {
        public float* X, LogSums, Costs, Gradients;
        public int* Labels;
        public long Rows;
        public int N, Ignore;
        public float Smoothing, Factor;
        public bool Accumulate;

        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var perChunk = RowMath.RowsPerChunk(N);
            var start = (nint)chunk * perChunk;
            var end = Math.Min(Rows, start + perChunk);
            for (var row = start; row < end; row++)
            {
                if (Gradients == null)
                    Cost<L>(row);
                else
                    Gradient<L>(row);
            }
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Cost<L>(nint row) where L : unmanaged, ILanes<L>
        {
            var x = X + row * N;
            var lse = SoftmaxKernels.RowLogSumExp<L>(x, N);
            LogSums[row] = lse;
            if (Labels[row] == Ignore)
                return;
            var cost = (1 - Smoothing) * (lse - x[Labels[row]]);
            if (Smoothing != 0)
                cost += Smoothing * (lse - RowMath.Sum<RowMath.Value, L>(x, x, 0, N) / N);
            Costs[row] = cost;
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Gradient<L>(nint row) where L : unmanaged, ILanes<L>
        {
            float* x = X + row * N, dx = Gradients + row * N;
            if (Labels[row] == Ignore)
            {
                if (!Accumulate)
                    new Span<float>(dx, N).Clear();
                return;
            }
            // The label's column is put right afterwards: x and dx may be the same memory, so its sum so far is kept.
            var label = Labels[row];
            var before = Accumulate ? dx[label] : 0;
            var atLabel = x[label] - LogSums[row];
            L lse = L.Of(LogSums[row]), floor = L.Of(Smoothing / N), factor = L.Of(Factor);
            for (var i = 0; i < N; i += Lanes.Width)
            {
                var result = (VectorMath.Exp(Lanes.LoadFirst<L>(x + i, N - i) - lse) - floor) * factor;
                if (Accumulate)
                    result += Lanes.LoadFirst<L>(dx + i, N - i);
                Lanes.StoreFirst(result, dx + i, N - i);
            }
            dx[label] = before + (VectorMath.Exp(L.Of(atLabel)).Max() - Smoothing / N - (1 - Smoothing)) * Factor;
        }
    }
}
