using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Kernels;

/// <summary>Products with packed matrices on the CPU: activations are rounded, then all cores multiply, each its own panels.</summary>
internal static unsafe class PackedProduct
{
    private const int PanelRows = PackedMatrix.PanelRows, ChunkBytes = 1 << 16;

    [ThreadStatic] private static RoundedActivations? _activations;

    /// <summary>Y = X·Wᵀ. The result is the same to the bit for any number of threads.</summary>
    /// <param name="w">W.</param>
    /// <param name="x">[n, columns].</param>
    /// <param name="y">The results of each row of X, <paramref name="stride"/> floats after those of the row before.</param>
    /// <param name="stride">At least the rows of W.</param>
    public static void Multiply(PackedMatrix w, ReadOnlySpan<float> x, Span<float> y, int stride)
    {
        w.RequireMemory();
        var count = x.Length / w.Columns;
        if (count == 0)
            return;
        var layout = w.Packed.Layout;
        var activations = _activations ??= new RoundedActivations();
        activations.Set(x, count, w.Columns, layout.Signed);
        fixed (float* results = y)
        {
            var panelBytes = w.Columns / 32 * layout.CodeBytes;
            var panels = Math.Max(1, ChunkBytes / panelBytes);
            var chunks = (w.Rows + PanelRows * panels - 1) / (PanelRows * panels);
            var job = new Job
            {
                Operands = w.Operands with { X = activations.Start },
                TokenBytes = (nint)w.Columns / 32 * RoundedActivations.BlockBytes(layout.Signed),
                Kernel = layout.Kernel,
                Rows = w.Rows,
                Stride = stride,
                Tokens = count,
                Results = results,
                Panels = panels,
                Chunks = chunks,
                Runs = Math.Min(CpuThreads.Count, chunks),
            };
            CpuThreads.Run(chunks, ref job);
        }
        GC.KeepAlive(w);
    }

    /// <summary>Decodes one row.</summary>
    /// <param name="w">W.</param>
    /// <param name="row">The row, which must exist.</param>
    /// <param name="values">As many floats as W has columns.</param>
    public static void ReadRow(PackedMatrix w, int row, Span<float> values)
    {
        w.RequireMemory();
        fixed (float* y = values)
            w.Packed.Layout.Row(w.Operands, row / PanelRows, row % PanelRows, y);
        GC.KeepAlive(w);
    }

    private struct Job : IParallelJob
    {
        public ProductOperands Operands;
        public delegate*<in ProductOperands, int, int, float*, int, void> Kernel;
        public float* Results;
        public nint TokenBytes;
        public int Rows, Stride, Tokens, Panels, Chunks, Runs;

        public readonly void Run(int number)
        {
            var operands = Operands;
            var chunk = Place(number);
            for (var panel = chunk * Panels; panel < Math.Min((chunk + 1) * Panels, (Rows + PanelRows - 1) / PanelRows); panel++)
                for (var token = 0; token < Tokens; token += RoundedActivations.GroupTokens)
                {
                    operands.X = Operands.X + token * TokenBytes;
                    var tokens = Math.Min(RoundedActivations.GroupTokens, Tokens - token);
                    var results = Results + (nint)token * Stride + panel * PanelRows;
                    if ((panel + 1) * PanelRows <= Rows)
                        Kernel(in operands, panel, tokens, results, Stride);
                    else
                        Last(in operands, panel, tokens, results);
                }
        }

        /// <summary>
        /// Which chunk the thread computes that claims the number-th. Threads claim by turns, more or less; with as many runs as threads,
        /// each of them reads on where it stopped, which is what the processor has prefetched.
        /// </summary>
        private readonly int Place(int number)
        {
            var (length, longer) = (Chunks / Runs, Chunks % Runs);
            var run = number % Runs;
            return run * length + Math.Min(run, longer) + number / Runs;
        }

        /// <summary>The last panel, if the number of rows is not a multiple of 16: the 16 results
        /// go to a buffer first, and the valid ones are copied.</summary>
        private readonly void Last(in ProductOperands operands, int panel, int tokens, float* results)
        {
            var buffer = stackalloc float[PanelRows * RoundedActivations.GroupTokens];
            Kernel(in operands, panel, tokens, buffer, PanelRows);
            var rows = Rows - panel * PanelRows;
            for (var token = 0; token < tokens; token++)
                new Span<float>(buffer + token * PanelRows, rows).CopyTo(new Span<float>(results + (nint)token * Stride, rows));
        }
    }
}
