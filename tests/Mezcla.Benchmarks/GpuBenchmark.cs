using System.Diagnostics;
using System.Globalization;
using Mezcla.Tensors;

namespace Mezcla.Benchmarks;

/// <summary>Models on a GPU in turn with PyTorch on the same (peers/torch_gpu.py), as a Markdown table on standard output.</summary>
internal static class GpuBenchmark
{
    public static readonly string[] Names = ["train_3M", "train_30M", "train_124M", "moe_124M", "gen_124M", "gen64_124M"];

    public static int Run(string[] names, Device device, double seconds)
    {
        using var peer = Peer(seconds);
        double products = peer?.Ask("products float32") ?? double.NaN, narrow = peer?.Ask("products bfloat16") ?? double.NaN,
            bandwidth = peer?.Ask("bandwidth") ?? double.NaN;
        Console.WriteLine(
            $"Mezcla on {device}; PyTorch: {peer?.Greeting ?? "not there"}. Tokens per second. Measured by PyTorch: " +
                $"products {products / 1e12:F1} TFLOP/s in float32, "
            +
            $"{narrow / 1e12:F1} in bfloat16; copies {bandwidth / 1e9:F0} GB/s. The share is of the products in the same precision for " +
            $"training (MFU), of the copies for generation at batch 1.");
        Console.WriteLine();
        Console.WriteLine("| | Mezcla float32 | share | PyTorch float32 | ratio | Mezcla bfloat16 | share | PyTorch bfloat16 | ratio |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var name in names)
            Console.WriteLine(
                $"| {name} | {Cells(name, ProductPrecision.Float32, products)} | {Cells(name, ProductPrecision.BFloat16, narrow)} |");
        return 0;

        string Cells(string name, ProductPrecision precision, double rate)
        {
            var (ours, share) = Ours(name, device, precision, seconds, rate, bandwidth);
            var theirs = peer?.Ask($"{name} {(precision == ProductPrecision.Float32 ? "float32" : "bfloat16")}") ?? double.NaN;
            return $"{Speed(ours)} | {Share(share)} | {Speed(theirs)} | {Ratio(ours, theirs)}";
        }
    }

    private static (double Speed, double Share) Ours(string name, Device device, ProductPrecision precision, double seconds,
        double products, double bandwidth)
    {
        try
        {
            device.ProductPrecision = precision;
            using var scope = new TensorScope();
            var benchmark = ModelBenchmark.Named(name, device);
            var speed = benchmark.Measure(seconds);
            var share = name.StartsWith("gen_", StringComparison.Ordinal) ? speed * benchmark.BytesPerToken / bandwidth
                : name.StartsWith("gen", StringComparison.Ordinal) ? double.NaN : speed * benchmark.FlopsPerTrainedToken / products;
            return (speed, share);
        }
        catch (Exception error) when (error is DeviceException or TensorMemoryException)
        {
            Console.Error.WriteLine($"{name} {precision}: {error.Message}");
            return (double.NaN, double.NaN);
        }
        finally
        {
            device.ProductPrecision = ProductPrecision.Float32;
            GC.Collect();
            GC.WaitForPendingFinalizers();
            device.TrimMemory();
        }
    }

    private static string Speed(double speed) => double.IsNaN(speed) ? "-" : speed.ToString("N0", CultureInfo.InvariantCulture);

    private static string Ratio(double ours, double theirs) => double.IsNaN(ours / theirs)
        ? "-"
        : (ours / theirs).ToString("F2", CultureInfo.InvariantCulture);

    private static string Share(double share) => double.IsNaN(share) ? "-" : share.ToString("P0", CultureInfo.InvariantCulture);

    private static TorchGpu? Peer(double seconds)
    {
        try
        {
            return new TorchGpu(seconds);
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Console.Error.WriteLine(error.Message);
            return null;
        }
    }

    private sealed class TorchGpu : IDisposable
    {
        private readonly Process _process;

        public TorchGpu(double seconds)
        {
            _process = new[] { "python3", "/usr/bin/python3" }.Select(python => Start(python, seconds))
                .FirstOrDefault(process => process is not null)
                ?? throw new InvalidOperationException("There is no python3 with PyTorch: its columns stay empty.");
            Greeting = _process.StandardOutput.ReadLine()?[6..]
                ?? throw new InvalidOperationException("PyTorch did not start: what it said is above.");
        }

        public string Greeting { get; }

        public double Ask(string request)
        {
            _process.StandardInput.WriteLine(request);
            return double.TryParse(_process.StandardOutput.ReadLine(), CultureInfo.InvariantCulture, out var speed) ? speed : double.NaN;
        }

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }

        private static Process? Start(string python, double seconds)
        {
            if (!File.Exists(python) && python.Contains('/', StringComparison.Ordinal))
                return null;
            using (var probe = Process.Start(new ProcessStartInfo(python, ["-c", "import torch"]) { RedirectStandardError = true })!)
            {
                probe.StandardError.ReadToEnd();
                probe.WaitForExit();
                if (probe.ExitCode != 0)
                    return null;
            }

            string[] arguments = [Path.Combine(AppContext.BaseDirectory, "peers", "torch_gpu.py"),
                seconds.ToString(CultureInfo.InvariantCulture)];
            return Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true });
        }
    }
}
