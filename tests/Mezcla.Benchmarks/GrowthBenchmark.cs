using System.Globalization;
using Mezcla.Charts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;

namespace Mezcla.Benchmarks;

/// <summary>How the time of a training step grows, for each token, with a model's size and
/// with its context. Prints tables and writes two charts.</summary>
internal static class GrowthBenchmark
{
    // A batch holds so many tokens, however long its sequences are.
    private const int Tokens = 1024;

    public static int Run(double seconds, int rounds, string folder)
    {
        Directory.CreateDirectory(folder);
        int[] widths = [64, 128, 192, 256, 384, 512];
        ModelShape[] sizes = [.. widths.Select(w => new ModelShape(6, w, w / 32, 128, Tokens / 128, 1024))];
        double[] parameters = [.. sizes.Select(s => (double)ParameterCount.Of(s.Config()).Total)];
        Report("parameters", parameters, Measure(sizes, seconds, rounds), "growth-size.svg",
            "Training a token takes time in proportion to the model's size, once products are large enough",
            "parameters, 6 blocks of width 64 to 512");

        int[] contexts = [64, 128, 256, 512, 1024, 2048];
        ModelShape[] lengths = [.. contexts.Select(c => new ModelShape(6, 128, 4, c, Math.Max(1, Tokens / c), 1024))];
        Report("context", [.. contexts.Select(c => (double)c)], Measure(lengths, seconds, rounds), "growth-context.svg",
            "A longer context costs little until attention outweighs the rest", "context in tokens, 6 blocks of width 128");
        return 0;

        void Report(string what, double[] x, double[] microseconds, string file, string title, string label)
        {
            for (var i = 0; i < x.Length; i++)
                Console.WriteLine(
                    string.Create(CultureInfo.InvariantCulture, $"{what} {x[i]:F0}  {microseconds[i]:F1} microseconds a token"));
            var chart = Chart.Lines(title, label, "µs a token, one training step", markers: true).Add("measured", x, microseconds).LogLog();
            File.WriteAllText(Path.Combine(folder, file), chart.ToSvg() + "\n");
        }
    }

    // Round after round through all of them, so that what disturbs the machine disturbs all alike; medians.
    private static double[] Measure(ModelShape[] shapes, double seconds, int rounds)
    {
        ModelBenchmark[] benchmarks = [.. shapes.Select(ModelBenchmark.Train)];
        var times = new double[shapes.Length][];
        for (var i = 0; i < shapes.Length; i++)
            times[i] = new double[rounds];
        for (var round = 0; round < rounds; round++)
            for (var i = 0; i < shapes.Length; i++)
                times[i][round] = 1e6 / benchmarks[i].Measure(seconds);
        return [.. times.Select(t => t.Order().ElementAt(rounds / 2))];
    }
}
