using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Layer norm, y = (x - mean)·r·weight + bias with r = 1 / √(variance + ε) (Ba et al., arXiv:1607.06450), and RMS norm, the same with the
/// mean taken as 0 (Zhang and Sennrich, arXiv:1910.07467), over rows of n. A null mean selects RMS norm; weight and bias may be null.
/// </summary>
internal static unsafe class NormKernels
{
    // Sums over rows are made in at most so many parts, which are then added in order.
    private const int MostParts = 32;

    /// <summary>y, and for the backward pass the mean (unless null) and r of each row.</summary>
    public static void Forward(float* x, float* weight, float* bias, float* y, float* mean, float* inverse, long rows, int n, float epsilon)
    {
        var perChunk = RowMath.RowsPerChunk(n);
        Simd.Run((int)((rows + perChunk - 1) / perChunk), new ForwardJob
        {
            X = x,
            Weight = weight,
            Bias = bias,
            Y = y,
            Mean = mean,
            Inverse = inverse,
            Rows = rows,
            N = n,
            PerChunk = perChunk,
            Epsilon = epsilon,
        });
    }

    /// <summary>
    /// With x̂ = (x - mean) r and g = dy·weight: dx (+)= r (g - mean g - x̂ mean(g x̂)) (without mean g for RMS norm), dWeight (+)= Σ dy
    /// x̂, dBias (+)= Σ dy. Each of the three may be null.
    /// </summary>
    public static void Backward(
        float* x, float* weight, float* mean, float* inverse, float* dy, long rows, int n,
        float* dx, bool accumulateX, float* dWeight, bool accumulateWeight, float* dBias, bool accumulateBias)
    {
        var perChunk = (int)Math.Max(RowMath.RowsPerChunk(n), (rows + MostParts - 1) / MostParts);
        var chunks = (int)((rows + perChunk - 1) / perChunk);
        var sums = dWeight == null && dBias == null ? null : CpuScratch.Floats(CpuScratch.Use.Kernel, 2L * MostParts * n);
        Simd.Run(chunks, new BackwardJob
        {
            X = x,
            Weight = weight,
            Mean = mean,
            Inverse = inverse,
            Gradient = dy,
            Result = dx,
            Sums = sums,
            Rows = rows,
            N = n,
            PerChunk = perChunk,
            Accumulate = accumulateX,
        });
        if (dWeight != null)
            AddParts(sums, chunks, n, dWeight, accumulateWeight);
        if (dBias != null)
            AddParts(sums + n, chunks, n, dBias, accumulateBias);
    }

    // target (+)= the parts, which lie 2n apart, in their order.
    private static void AddParts(float* parts, int count, int n, float* target, bool accumulate)
    {
        var sum = new Span<float>(target, n);
        if (!accumulate)
            sum.Clear();
        for (var part = 0; part < count; part++, parts += 2 * n)
            TensorPrimitives.Add(sum, new Span<float>(parts, n), sum);
    }

    private struct ForwardJob : IVectorJob
    {
        public float* X, Weight, Bias, Y, Mean, Inverse;
        public long Rows;
        public int N, PerChunk;
        public float Epsilon;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var start = (nint)chunk * PerChunk;
            for (var row = start; row < Math.Min(Rows, start + PerChunk); row++)
            {
                float* x = X + row * N, y = Y + row * N;
                var mean = Mean == null ? 0 : RowMath.Sum<RowMath.Value, L>(x, x, 0, N) / N;
                var inverse = 1 / MathF.Sqrt(RowMath.Sum<RowMath.SquaredDistance, L>(x, x, mean, N) / N + Epsilon);
                if (Mean != null)
                    Mean[row] = mean;
                Inverse[row] = inverse;
                L shift = L.Of(mean), scale = L.Of(inverse);
                for (var i = 0; i < N; i += Lanes.Width)
                {
                    var count = N - i;
                    var value = (Lanes.LoadFirst<L>(x + i, count) - shift) * scale;
                    if (Weight != null)
                        value *= Lanes.LoadFirst<L>(Weight + i, count);
                    if (Bias != null)
                        value += Lanes.LoadFirst<L>(Bias + i, count);
                    Lanes.StoreFirst(value, y + i, count);
                }
            }
        }
    }

    private struct BackwardJob : IVectorJob
    {
        public float* X, Weight, Mean, Inverse, Gradient, Result, Sums;
        public long Rows;
        public int N, PerChunk;
        public bool Accumulate;

        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var sums = Sums == null ? null : Sums + (nint)chunk * 2 * N;
            if (sums != null)
                new Span<float>(sums, 2 * N).Clear();
            var start = (nint)chunk * PerChunk;
            for (var row = start; row < Math.Min(Rows, start + PerChunk); row++)
            {
                if (Result != null)
                    Inputs<L>(row);
                if (sums != null)
                    Parameters<L>(row, sums);
            }
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Inputs<L>(nint row) where L : unmanaged, ILanes<L>
        {
            float* x = X + row * N, dy = Gradient + row * N, dx = Result + row * N;
            L sum = L.Of(0), product = sum, mean = L.Of(Mean == null ? 0 : Mean[row]), inverse = L.Of(Inverse[row]);
            for (var i = 0; i < N; i += Lanes.Width)
            {
                var g = Lanes.LoadFirst<L>(dy + i, N - i);
                if (Weight != null)
                    g *= Lanes.LoadFirst<L>(Weight + i, N - i);
                sum += g;
                product = L.MultiplyAdd(g, (Lanes.LoadFirst<L>(x + i, N - i) - mean) * inverse, product);
            }
            L meanG = L.Of(Mean == null ? 0 : sum.Sum() / N), meanProduct = L.Of(product.Sum() / N);
            for (var i = 0; i < N; i += Lanes.Width)
            {
                var g = Lanes.LoadFirst<L>(dy + i, N - i);
                if (Weight != null)
                    g *= Lanes.LoadFirst<L>(Weight + i, N - i);
                var result = (g - meanG - (Lanes.LoadFirst<L>(x + i, N - i) - mean) * inverse * meanProduct) * inverse;
                if (Accumulate)
                    result += Lanes.LoadFirst<L>(dx + i, N - i);
                Lanes.StoreFirst(result, dx + i, N - i);
            }
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Parameters<L>(nint row, float* sums) where L : unmanaged, ILanes<L>
        {
            float* x = X + row * N, dy = Gradient + row * N, biases = sums + N;
            L mean = L.Of(Mean == null ? 0 : Mean[row]), inverse = L.Of(Inverse[row]);
            for (var i = 0; i < N; i += Lanes.Width)
            {
                var g = Lanes.LoadFirst<L>(dy + i, N - i);
                var normal = (Lanes.LoadFirst<L>(x + i, N - i) - mean) * inverse;
                Lanes.StoreFirst(L.MultiplyAdd(g, normal, Lanes.LoadFirst<L>(sums + i, N - i)), sums + i, N - i);
                Lanes.StoreFirst(g + Lanes.LoadFirst<L>(biases + i, N - i), biases + i, N - i);
            }
        }
    }
}
