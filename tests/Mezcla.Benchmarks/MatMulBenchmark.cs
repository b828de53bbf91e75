using System.Diagnostics;
using System.Runtime.InteropServices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Benchmarks;

/// <summary>Products of the shapes that training and running a transformer is made of, in
/// turn with OpenBLAS: medians of ratios of neighbouring runs.</summary>
internal static unsafe class MatMulBenchmark
{
    private sealed record Shape(string Name, bool TransposeA, bool TransposeB, int M, int N, int K);

    private static IEnumerable<Shape> Shapes()
    {
        // Tokens x inputs x outputs: forward y = x Wᵀ, backward dx = dy W, dW = dyᵀ x.
        (string, int, int, int)[] layers =
        [
            ("S qkv", 2048, 128, 384), ("S mlp", 2048, 128, 512), ("S head", 2048, 128, 512),
            ("M qkv", 2048, 384, 1152), ("M mlp", 2048, 384, 1536), ("M mlp2", 2048, 1536, 384), ("M head", 2048, 384, 8192),
            ("L qkv", 256, 768, 2304), ("L proj", 256, 768, 768), ("L mlp", 256, 768, 3072), ("L mlp2", 256, 3072, 768),
            ("L head", 256, 768, 50304),
        ];
        foreach (var (name, tokens, inputs, outputs) in layers)
        {
            yield return new(name + " fwd", false, true, tokens, outputs, inputs);
            yield return new(name + " dx", false, false, tokens, inputs, outputs);
            yield return new(name + " dw", true, false, outputs, inputs, tokens);
        }
        yield return new("64 nn", false, false, 64, 64, 64);
        yield return new("64 nt", false, true, 64, 64, 64);
        yield return new("128x32x128", false, true, 128, 128, 32);
        yield return new("128x128x32", false, false, 128, 32, 128);
        yield return new("256 nn", false, false, 256, 256, 256);
        yield return new("1024 nn", false, false, 1024, 1024, 1024);
    }

    public static int Run(string[] only, int[] threadCounts, int rounds)
    {
        if (!OpenBlas.Found)
        {
            Console.Error.WriteLine("OpenBLAS was not found; Debian has it as libopenblas0-openmp.");
            return 1;
        }
        Console.WriteLine($"{OpenBlas.Configuration}; here {Simd.Level}");
        foreach (var threads in threadCounts)
        {
            CpuThreads.Count = threads;
            OpenBlas.Threads = threads;
            var logarithms = 0.0;
            var count = 0;
            foreach (var shape in Shapes()
                .Where(s => only.Length == 0 || only.Any(part => s.Name.Contains(part, StringComparison.Ordinal))))
            {
                var (ratio, low, high, gflops) = Compare(shape, rounds);
                logarithms += Math.Log(ratio);
                count++;
                Console.WriteLine(
                    $"{threads} {shape.Name,-12} {shape.M,5} {shape.N,6} {shape.K,5}  {gflops,6:F1} GFLOP/s  ratio {ratio:F2} [{low:F2} " +
                        $".. {high:F2}]");
            }
            Console.WriteLine($"{threads} geometric mean {Math.Exp(logarithms / count):F3}");
        }
        return 0;
    }

    private static (double Ratio, double Low, double High, double Gflops) Compare(Shape s, int rounds)
    {
        var a = RandomFloats.Allocate(s.M * (long)s.K);
        var b = RandomFloats.Allocate(s.K * (long)s.N);
        var c = RandomFloats.Allocate(s.M * (long)s.N);
        var flops = 2.0 * s.M * s.N * s.K;
        var repeat = Math.Max(1, (int)(4e9 / flops));
        var (lda, ldb) = (s.TransposeA ? s.M : s.K, s.TransposeB ? s.K : s.N);
        var ratios = new double[rounds];
        var speeds = new double[rounds];
        for (var round = -1; round < rounds; round++)
        {
            // Each side starts when the other's threads have stopped looking for work
            // (OpenMP's spin for milliseconds), and with its own awake.
            var ours = Time(repeat, () => Gemm.Multiply(s.TransposeA, s.TransposeB, s.M, s.N, s.K, 1, a, lda, b, ldb, 0, c, s.N));
            var theirs = Time(repeat, () => OpenBlas.Multiply(s.TransposeA, s.TransposeB, s.M, s.N, s.K, a, lda, b, ldb, 0, c, s.N));
            if (round < 0)
                continue;
            ratios[round] = theirs / ours;
            speeds[round] = flops * repeat / ours * 1e-9;
        }
        foreach (var p in new[] { (nint)a, (nint)b, (nint)c })
            NativeMemory.AlignedFree((void*)p);
        Array.Sort(ratios);
        Array.Sort(speeds);
        return (ratios[rounds / 2], ratios[0], ratios[^1], speeds[rounds / 2]);
    }

    private static double Time(int repeat, Action action)
    {
        Thread.Sleep(30);
        action();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < repeat; i++)
            action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
