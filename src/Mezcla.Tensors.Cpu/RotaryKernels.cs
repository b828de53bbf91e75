using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Rotary positions (Su et al., arXiv:2104.09864): pairs (a, b) of a row become (a cos - b sin, a sin + b cos).</summary>
internal static unsafe class RotaryKernels
{
    private const int ChunkFloats = 16384;

    /// <summary>
    /// y (+)= the rotation of x [blocks, time, heads, size], backwards if <paramref name="inverse"/>. Pairs are neighbours if interleaved,
    /// else half a row apart; what is not rotated is copied. Cosines and sines are [positions, rotated / 2].
    /// </summary>
    public static void Run(float* x, float* cos, float* sin, float* y, in RotaryLayout layout, bool inverse, bool accumulate)
    {
        var rows = layout.Blocks * layout.Time * layout.Heads;
        var job = new Job { X = x, Y = y, Cos = cos, Sin = sin, Layout = layout, Rows = rows, Inverse = inverse, Accumulate = accumulate };
        job.PerChunk = Math.Max(1, ChunkFloats / Math.Max(1, layout.Size));
        Simd.Run((int)((rows + job.PerChunk - 1) / job.PerChunk), job);
    }

    private struct Job : IVectorJob
    {
        public float* X, Y, Cos, Sin;
        public RotaryLayout Layout;
        public long Rows;
        public int PerChunk;
        public bool Inverse, Accumulate;

        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var start = (nint)chunk * PerChunk;
            for (var row = start; row < Math.Min(Rows, start + PerChunk); row++)
            {
                var angles = (nint)(row / Layout.Heads % Layout.Time + Layout.Start) * (Layout.Rotated / 2);
                float* x = X + row * Layout.Size, y = Y + row * Layout.Size;
                if (Layout.Interleaved)
                    Neighbours(x, y, Cos + angles, Sin + angles);
                else
                    Halves<L>(x, y, Cos + angles, Sin + angles);
                for (var i = Layout.Rotated; i < Layout.Size; i++)
                    y[i] = Accumulate ? y[i] + x[i] : x[i];
            }
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Neighbours(float* x, float* y, float* cos, float* sin)
        {
            var sign = Inverse ? -1f : 1f;
            for (var i = 0; i < Layout.Rotated / 2; i++)
            {
                float a = x[2 * i], b = x[2 * i + 1], s = sign * sin[i];
                var (first, second) = (a * cos[i] - b * s, a * s + b * cos[i]);
                y[2 * i] = Accumulate ? y[2 * i] + first : first;
                y[2 * i + 1] = Accumulate ? y[2 * i + 1] + second : second;
            }
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Halves<L>(float* x, float* y, float* cos, float* sin) where L : unmanaged, ILanes<L>
        {
            var half = Layout.Rotated / 2;
            var sign = L.Of(Inverse ? -1f : 1f);
            for (var i = 0; i < half; i += Lanes.Width)
            {
                var count = half - i;
                L a = Lanes.LoadFirst<L>(x + i, count), b = Lanes.LoadFirst<L>(x + half + i, count);
                L c = Lanes.LoadFirst<L>(cos + i, count), s = Lanes.LoadFirst<L>(sin + i, count) * sign;
                L first = a * c - b * s, second = a * s + b * c;
                if (Accumulate)
                    (first, second) = (first + Lanes.LoadFirst<L>(y + i, count), second + Lanes.LoadFirst<L>(y + half + i, count));
                Lanes.StoreFirst(first, y + i, count);
                Lanes.StoreFirst(second, y + half + i, count);
            }
        }
    }
}
