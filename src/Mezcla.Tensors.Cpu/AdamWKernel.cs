using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// One step of AdamW (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2) in one pass over memory, which bounds its speed:
/// m = β₁ m + (1 - β₁) g, v = β₂ v + (1 - β₂) g², p = (1 - rate decay) p - rate (m / c₁) / (√(v / c₂) + ε), with cᵢ = 1 - βᵢᵗ.
/// </summary>
internal static unsafe class AdamWKernel
{
    private const int ChunkFloats = 32768;

    /// <summary>Changes p, m and v in place, after multiplying g by the scale.</summary>
    public static void Run(float* p, float* g, float* m, float* v, long n, in AdamWStep step, float scale) =>
        Simd.Run((int)((n + ChunkFloats - 1) / ChunkFloats), new Job { P = p, G = g, M = m, V = v, Count = n, Step = step, Scale = scale });

    private struct Job : IVectorJob
    {
        public float* P, G, M, V;
        public long Count;
        public AdamWStep Step;
        public float Scale;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var start = (nint)chunk * ChunkFloats;
            var n = (int)Math.Min(ChunkFloats, Count - start);
            float* p = P + start, g = G + start, m = M + start, v = V + start;
            L scale = L.Of(Scale), beta1 = L.Of(Step.Beta1), beta2 = L.Of(Step.Beta2), rest1 = L.Of(1 - Step.Beta1),
                rest2 = L.Of(1 - Step.Beta2);
            L keep = L.Of(1 - Step.LearningRate * Step.WeightDecay), rate = L.Of(Step.LearningRate / Step.Correction1);
            L root = L.Of(1 / MathF.Sqrt(Step.Correction2)), epsilon = L.Of(Step.Epsilon);
            for (var i = 0; i < n; i += Lanes.Width)
            {
                var count = n - i;
                var gradient = Lanes.LoadFirst<L>(g + i, count) * scale;
                var first = L.MultiplyAdd(beta1, Lanes.LoadFirst<L>(m + i, count), rest1 * gradient);
                var second = L.MultiplyAdd(beta2, Lanes.LoadFirst<L>(v + i, count), rest2 * gradient * gradient);
                Lanes.StoreFirst(first, m + i, count);
                Lanes.StoreFirst(second, v + i, count);
                var change = rate * first / L.MultiplyAdd(L.Sqrt(second), root, epsilon);
                Lanes.StoreFirst(keep * Lanes.LoadFirst<L>(p + i, count) - change, p + i, count);
            }
        }
    }
}
