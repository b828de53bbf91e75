using System.Globalization;

namespace Mezcla.Benchmarks;

/// <summary>Mezcla and PyTorch in turn, so that what disturbs the machine disturbs both; medians of the rounds' ratios.</summary>
internal static class Comparison
{
    public static int Run(string[] names, int threads, int rounds, double seconds, bool processorTime)
    {
        using var peer = new TorchPeer(threads, seconds, processorTime);
        foreach (var name in names)
        {
            var benchmark = ModelBenchmark.Named(name);
            peer.Measure(name);
            var pairs = new (double Ours, double Theirs)[rounds];
            for (var i = 0; i < rounds; i++)
                pairs[i] = (benchmark.Measure(seconds, processorTime), peer.Measure(name));
            var ratios = pairs.Select(p => p.Ours / p.Theirs).Order().ToArray();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-8} Mezcla {Median(pairs.Select(p => p.Ours)),9:F1}  PyTorch {Median(pairs.Select(p => p.Theirs)),9:F1}  " +
                    $"ratio {ratios[rounds / 2]:F2} [{ratios[0]:F2} .. {ratios[^1]:F2}]"));
        }
        return 0;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
