using System.Diagnostics;
using System.Runtime.InteropServices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Benchmarks;

/// <summary>
/// How much of a training step's time its matrix products alone would take: those of the linear layers and the head, forward and back, each
/// run as often as a step runs it, without anything between them. Attention's own products are left out, since they are fused. The rest is
/// norms, activations, attention, the loss and AdamW.
/// </summary>
internal static unsafe class CeilingBenchmark
{
    public static int Run(string[] names, int rounds, double seconds)
    {
        foreach (var name in names)
        {
            var shape = ModelShape.Named(name.Split('_')[^1]);
            var benchmark = ModelBenchmark.Named(name);
            var shares = new double[rounds];
            for (var round = -1; round < rounds; round++)
            {
                var (whole, products) = (benchmark.Measure(seconds), Products(shape, seconds));
                if (round >= 0)
                    shares[round] = whole / products;
            }
            Array.Sort(shares);
            Console.WriteLine(
                FormattableString.Invariant(
                    $"{name,-8} {shares[rounds / 2]:F2} of what its products alone allow [{shares[0]:F2} .. {shares[^1]:F2}]"));
        }
        return 0;
    }

    // Tokens per second.
    private static double Products(ModelShape s, double seconds)
    {
        var tokens = s.Batch * s.Context;
        (int Inputs, int Outputs, int Times)[] layers = [(s.Width, 3 * s.Width, s.Layers), (s.Width, s.Width, s.Layers),
            (s.Width, 4 * s.Width, s.Layers), (4 * s.Width, s.Width, s.Layers), (s.Width, s.Vocabulary, 1)];
        var most = layers.Max(l => Math.Max((long)l.Inputs * l.Outputs, (long)tokens * Math.Max(l.Inputs, l.Outputs)));
        float* x = RandomFloats.Allocate(most), w = RandomFloats.Allocate(most), y = RandomFloats.Allocate(most),
            result = RandomFloats.Allocate(most);
        var done = 0;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            foreach (var (inputs, outputs, times) in layers)
                for (var i = 0; i < times; i++)
                {
                    Gemm.Multiply(false, true, tokens, outputs, inputs, 1, x, inputs, w, inputs, 0, result, outputs);
                    Gemm.Multiply(false, false, tokens, inputs, outputs, 1, y, outputs, w, inputs, 0, result, inputs);
                    Gemm.Multiply(true, false, outputs, inputs, tokens, 1, y, outputs, x, inputs, 0, result, inputs);
                }
            done += tokens;
        }
        var speed = done / Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (var p in new[] { (nint)x, (nint)w, (nint)y, (nint)result })
            NativeMemory.AlignedFree((void*)p);
        return speed;
    }
}
