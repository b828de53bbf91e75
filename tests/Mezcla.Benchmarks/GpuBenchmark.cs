using System.Globalization;
using Mezcla.Tensors;
using Mezcla.Tensors.Torch;
using TorchSharp;

namespace Mezcla.Benchmarks;

/// <summary>
/// Models on a GPU in turn with the same models in TorchSharp and, where it is installed, in PyTorch (peers/torch_gpu.py), as a Markdown
/// table on standard output.
/// </summary>
internal static class GpuBenchmark
{
    public static readonly string[] Names = ["train_3M", "train_30M", "train_124M", "moe_124M", "gen_124M", "gen64_124M"];

    public static int Run(string[] names, Device device, int threads, double seconds)
    {
        // Without a GPU theirs computes on the CPU, which only shows that all this works.
        var place = device.Name.StartsWith("torch:", StringComparison.Ordinal) ? device.Name["torch:".Length..]
            : TorchLibrary.Find(cuda: true).IsComplete ? "cuda:0" : "cpu";
        if (device.Name.StartsWith("torch:cpu", StringComparison.Ordinal))
            torch.set_num_threads(threads);
        using var torchSharp = PeerProcess.TorchSharp(threads, seconds, processorTime: false, place);
        using var pyTorch = PeerProcess.PyTorch("torch_gpu.py", seconds.ToString(CultureInfo.InvariantCulture));
        double products = torchSharp?.Ask("products float32") ?? double.NaN, narrow = torchSharp?.Ask("products bfloat16") ?? double.NaN,
            bandwidth = torchSharp?.Ask("bandwidth") ?? double.NaN;
        const string Missing = "not installed";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Mezcla on {device}; TorchSharp: {torchSharp?.Greeting ?? Missing}; PyTorch: {pyTorch?.Greeting ?? Missing}. " +
                $"Tokens per second. Measured by TorchSharp: products {products / 1e12:F2} TFLOP/s in float32, {narrow / 1e12:F2} in " +
                $"bfloat16; copies {bandwidth / 1e9:F0} GB/s. The share is of the products in the same precision for training (MFU), of " +
                $"the copies for generation at batch 1."));
        Console.WriteLine();
        Console.WriteLine("| | precision | Mezcla | share | TorchSharp | ratio | PyTorch | ratio |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var name in names)
            foreach (var precision in (ReadOnlySpan<ProductPrecision>)[ProductPrecision.Float32, ProductPrecision.BFloat16])
            {
                var type = precision == ProductPrecision.Float32 ? "float32" : "bfloat16";
                var possible = precision == ProductPrecision.Float32 ? products : narrow;
                var (ours, share) = Ours(name, device, precision, seconds, possible, bandwidth);
                double theirs = torchSharp?.Ask($"{name} {type}") ?? double.NaN, others = pyTorch?.Ask($"{name} {type}") ?? double.NaN;
                Console.WriteLine($"| {name} | {type} | {Number(ours, "N0")} | {Number(share, "P0")} | {Number(theirs, "N0")} | " +
                    $"{Number(ours / theirs, "F2")} | {Number(others, "N0")} | {Number(ours / others, "F2")} |");
            }

        return 0;
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

    private static string Number(double value, string format)
        => double.IsNaN(value) ? "-" : value.ToString(format, CultureInfo.InvariantCulture);
}
