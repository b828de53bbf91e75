using System.Globalization;

namespace Mezcla.Benchmarks;

/// <summary>
/// Mezcla's own engine in turn with TorchSharp and, where it is installed, PyTorch, so that what disturbs the machine disturbs all; medians
/// of the rounds' ratios.
/// </summary>
internal static class Comparison
{
    public static int Run(string[] names, int threads, int rounds, double seconds, bool processorTime, string? only)
    {
        string[] settings = [threads.ToString(CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture),
            .. processorTime ? (ReadOnlySpan<string>)["cpu"] : []];
        PeerProcess?[] started = [
            only == "PyTorch" ? null : PeerProcess.TorchSharp(threads, seconds, processorTime),
            only == "TorchSharp" ? null : PeerProcess.PyTorch("torch_models.py", settings)];
        PeerProcess[] peers = [.. started.OfType<PeerProcess>()];
        if (peers.Length == 0)
            return 1;
        var greetings = string.Join("; ", peers.Select(p => $"{p.Name} {p.Greeting}"));
        Console.WriteLine($"{Processor}, {threads} threads, {rounds} rounds; {greetings}");
        foreach (var name in names)
        {
            var benchmark = ModelBenchmark.Named(name);
            // Once for nothing, until all is compiled and all memory is there.
            benchmark.Measure(seconds, processorTime);
            foreach (var peer in peers)
                peer.Ask(name);
            var ours = new double[rounds];
            var theirs = peers.Select(_ => new double[rounds]).ToArray();
            for (var i = 0; i < rounds; i++)
            {
                ours[i] = benchmark.Measure(seconds, processorTime);
                for (var p = 0; p < peers.Length; p++)
                    theirs[p][i] = peers[p].Ask(name);
            }

            Console.Write(string.Create(CultureInfo.InvariantCulture, $"{name,-8} Mezcla {Speed.Median(ours),9:F1}"));
            for (var p = 0; p < peers.Length; p++)
            {
                var ratios = ours.Zip(theirs[p], (our, their) => our / their).Order().ToArray();
                Console.Write(string.Create(CultureInfo.InvariantCulture,
                    $"  {peers[p].Name} {Speed.Median(theirs[p]),9:F1} " +
                        $"ratio {Speed.Median(ratios):F2} [{ratios[0]:F2} .. {ratios[^1]:F2}]"));
            }

            Console.WriteLine();
        }

        foreach (var peer in peers)
            peer.Dispose();
        return 0;
    }

    private static string Processor
    {
        get
        {
            const string Name = "model name";
            return (File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo") : [])
                .FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown processor";
        }
    }
}
