using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Functions of two elements, each operand contiguous or repeated along a row.</summary>
internal static unsafe class BinaryKernels
{
    /// <summary>y (+)= a ∘ b.</summary>
    public static void Run(BinaryKind kind, float* a, float* b, float* y, in StridedLoop loop, bool accumulate)
        => Simd.Run(loop.Chunks, new Job { Kind = kind, A = a, B = b, Y = y, Loop = loop, Accumulate = accumulate });

    private struct Job : IVectorJob
    {
        public BinaryKind Kind;
        public float* A, B, Y;
        public StridedLoop Loop;
        public bool Accumulate;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            bool aRepeats = Loop.StepA == 0, bRepeats = Loop.StepB == 0;
            var (from, to) = Loop.Pieces(chunk);
            for (var piece = from; piece < to; piece++)
            {
                int n = Loop.At(piece, out var atA, out var atB, out var atY), i = 0;
                float* a = A + atA, b = B + atB, y = Y + atY;
                L left = L.Of(*a), right = L.Of(*b);
                for (; i <= n - Lanes.Width; i += Lanes.Width)
                {
                    L value = Apply(Kind, aRepeats ? left : L.Load(a + i), bRepeats ? right : L.Load(b + i));
                    (Accumulate ? L.Load(y + i) + value : value).Store(y + i);
                }
                if (i == n)
                    continue;
                L last = Apply(Kind, aRepeats ? left : Lanes.LoadFirst<L>(a + i, n - i),
                    bRepeats ? right : Lanes.LoadFirst<L>(b + i, n - i));
                Lanes.StoreFirst(Accumulate ? Lanes.LoadFirst<L>(y + i, n - i) + last : last, y + i, n - i);
            }
        }
    }

    [MethodImpl(Lanes.Inline)]
    private static L Apply<L>(BinaryKind kind, L a, L b) where L : unmanaged, ILanes<L> => kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Subtract => a - b,
        BinaryKind.Multiply => a * b,
        BinaryKind.Divide => a / b,
        BinaryKind.Greater => L.IfLess(b, a, L.Of(1), L.Of(0)),
        _ => L.IfLess(a, b, L.Of(1), L.Of(0)),
    };
}
