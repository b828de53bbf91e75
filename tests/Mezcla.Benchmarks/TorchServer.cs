using System.Globalization;
using Mezcla.Tensors;
using Mezcla.Tensors.Torch;
using TorchSharp;

namespace Mezcla.Benchmarks;

/// <summary>
/// The process behind <see cref="PeerProcess.TorchSharp"/>. It reads lines such as <c>train_S</c> or <c>train_124M bfloat16</c> and answers
/// each with tokens per second; <c>products float32</c> with the operations per second of a large product, <c>bandwidth</c> with the bytes
/// per second of a large copy.
/// </summary>
internal static class TorchServer
{
    public static int Run(int threads, double seconds, bool processorTime, string device)
    {
        TorchLibrary.Load(cuda: device.StartsWith("cuda", StringComparison.Ordinal));
        torch.set_num_threads(threads);
        Console.WriteLine($"ready {typeof(torch).Assembly.GetName().Version?.ToString(3)} on {device}");
        TorchBenchmark? benchmark = null;
        var last = "";
        while (Console.ReadLine() is { } request)
        {
            try
            {
                var parts = request.Split(' ');
                var narrow = parts.Length > 1 && parts[1] == "bfloat16";
                if (parts[0] is "products" or "bandwidth")
                {
                    Answer(parts[0] == "products" ? Products(device, narrow, seconds) : Bandwidth(device, seconds));
                    continue;
                }

                if (request != last)
                {
                    benchmark?.Dispose();
                    (benchmark, last) = (null, "");
                    benchmark = new TorchBenchmark(parts[0], device, narrow);
                    last = request;
                }

                Answer(benchmark!.Measure(seconds, processorTime));
            }
            catch (Exception error) when (error is System.Runtime.InteropServices.ExternalException or TensorMemoryException)
            {
                Console.Error.WriteLine($"{request}: {error.Message.Split('\n')[0]}");
                Answer(double.NaN);
            }
        }

        benchmark?.Dispose();
        return 0;
    }

    private static void Answer(double speed) => Console.WriteLine(speed.ToString("G6", CultureInfo.InvariantCulture));

    private static double Products(string device, bool narrow, double seconds)
    {
        using var scope = torch.NewDisposeScope();
        var n = device == "cpu" ? 512L : 8192;
        var type = narrow ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
        torch.Tensor a = torch.randn(n, n, dtype: type, device: device), b = torch.randn(n, n, dtype: type, device: device);
        return Rate(device, seconds, () =>
        {
            using var c = a.matmul(b);
            return 2.0 * n * n * n;
        });
    }

    private static double Bandwidth(string device, double seconds)
    {
        using var scope = torch.NewDisposeScope();
        var a = torch.zeros(1L << (device == "cpu" ? 22 : 28), device: device);
        var b = torch.empty_like(a);
        return Rate(device, seconds, () =>
        {
            b.copy_(a);
            return 2.0 * a.numel() * sizeof(float);
        });
    }

    private static double Rate(string device, double seconds, Func<double> once)
    {
        once();
        return Speed.Measure(once, TorchBenchmark.Finish(device), seconds, processorTime: false);
    }
}
