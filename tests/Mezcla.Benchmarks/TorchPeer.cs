using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Mezcla.Benchmarks;

/// <summary>PyTorch in a process of its own (peers/torch_models.py), started with the settings that make it fastest here.</summary>
internal sealed class TorchPeer : IDisposable
{
    private readonly Process _process;

    public TorchPeer(int threads, double seconds, bool processorTime, string scriptName = "torch_models.py")
    {
        var script = Path.Combine(AppContext.BaseDirectory, "peers", scriptName);
        var start = new ProcessStartInfo(File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3")
        {
            ArgumentList = { script, threads.ToString(CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (processorTime)
            start.ArgumentList.Add("cpu");
        // The OpenMP build of OpenBLAS shares PyTorch's threads, and a malloc that keeps its memory saves it page faults.
        var processor = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";
        start.Environment["LD_LIBRARY_PATH"] = $"/usr/lib/{processor}-linux-gnu/openblas-openmp";
        start.Environment["MALLOC_TOP_PAD_"] = "1000000000";
        start.Environment["MALLOC_MMAP_THRESHOLD_"] = "4000000000";
        start.Environment["MALLOC_TRIM_THRESHOLD_"] = "8000000000";
        foreach (var name in start.Environment.Keys.Where(
            k => k.StartsWith("OPENBLAS_", StringComparison.Ordinal) || k.StartsWith("OMP_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        _process = Process.Start(start)!;
        var greeting = _process.StandardOutput.ReadLine();
        if (greeting?.StartsWith("ready", StringComparison.Ordinal) != true)
            throw new InvalidOperationException("PyTorch did not start: install python3-torch and libopenblas0-openmp (Debian).");
        Console.WriteLine($"PyTorch {greeting[6..]}, {threads} threads");
    }

    public double Measure(string name)
    {
        _process.StandardInput.WriteLine(name);
        var answer = _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException($"PyTorch ended in {name}; what it said is above.");
        return double.Parse(answer, CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
