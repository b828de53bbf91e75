using System.Diagnostics;
using System.Globalization;
using Mezcla.Tensors;
using TorchSharp;

namespace Mezcla.Benchmarks;

/// <summary>
/// What our tape, pool and layers cost on libtorch: a step on <c>torch:cpu</c> in turn with the same model written directly in TorchSharp,
/// in one process.
/// </summary>
internal static class OverheadBenchmark
{
    public static readonly string[] Names = ["train_S", "train_M", "moe_M"];

    public static int Run(string[] names, int threads, int rounds, double seconds, bool processorTime, string[] arguments)
    {
        if (PeerProcess.KeptMemory.Any(setting => Environment.GetEnvironmentVariable(setting.Key) != setting.Value))
        {
            using var again = Process.Start(PeerProcess.Again(arguments))!;
            again.WaitForExit();
            return again.ExitCode;
        }

        var device = Device.Torch("cpu");
        torch.set_num_threads(threads);
        foreach (var name in names)
        {
            using var theirs = new TorchBenchmark(name);
            using var scope = new TensorScope();
            var ours = ModelBenchmark.Named(name, device);
            // Once for nothing, until all is compiled and all memory is there.
            ours.Measure(seconds, processorTime);
            theirs.Measure(seconds, processorTime);
            var pairs = Enumerable.Range(0, rounds)
                .Select(_ => (Ours: ours.Measure(seconds, processorTime), Theirs: theirs.Measure(seconds, processorTime))).ToArray();
            var ratios = pairs.Select(pair => pair.Theirs / pair.Ours).Order().ToArray();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-8} ours {Speed.Median(pairs.Select(p => p.Ours)),9:F1}  TorchSharp " +
                    $"{Speed.Median(pairs.Select(p => p.Theirs)),9:F1} tokens/s; a step takes " +
                    $"{Speed.Median(ratios):F2} [{ratios[0]:F2} .. {ratios[^1]:F2}] times as long"));
        }

        return 0;
    }
}
