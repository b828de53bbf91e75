using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Mezcla.Tensors.Torch;

namespace Mezcla.Benchmarks;

/// <summary>
/// The other side of a comparison, in a process of its own: it measures what a line on its standard input names. It is started with the
/// settings that make it fastest.
/// </summary>
internal sealed class PeerProcess : IDisposable
{
    private const string Debian = "/usr/bin/python3";

    private readonly Process _process;

    private PeerProcess(string name, Process process, string greeting) => (Name, _process, Greeting) = (name, process, greeting);

    /// <summary>What measures: TorchSharp or PyTorch.</summary>
    public string Name { get; }

    /// <summary>Its version.</summary>
    public string Greeting { get; }

    /// <summary>
    /// Memory that a malloc keeps between operations. Without these, libtorch gives memory back to the system after each operation, and is
    /// up to ten times slower.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> KeptMemory = new Dictionary<string, string>
    {
        ["MALLOC_TOP_PAD_"] = "1000000000",
        ["MALLOC_MMAP_THRESHOLD_"] = "4000000000",
        ["MALLOC_TRIM_THRESHOLD_"] = "8000000000",
    };

    /// <summary>TorchSharp, in this program again; null, and a line that says why, where libtorch is not here.</summary>
    public static PeerProcess? TorchSharp(int threads, double seconds, bool processorTime, string device = "cpu")
    {
        var library = TorchLibrary.Find(device.StartsWith("cuda", StringComparison.Ordinal));
        if (!library.IsComplete)
        {
            Console.Error.WriteLine($"TorchSharp is not installed. {library.Report}");
            return null;
        }

        string[] arguments = ["peer", "--threads", Text(threads), "--seconds", Text(seconds), "--device", $"torch:{device}"];
        return Start("TorchSharp", Again(processorTime ? [.. arguments, "--cpu"] : arguments));
    }

    /// <summary>PyTorch from Debian or elsewhere, which runs a script of the folder peers; null, and a line that says
    /// so, where it is not installed.</summary>
    public static PeerProcess? PyTorch(string script, params string[] arguments)
    {
        var python = ((string[])[Debian, "python3"]).FirstOrDefault(HasTorch);
        if (python is null)
        {
            Console.Error.WriteLine("PyTorch is not installed (on Debian: python3-torch and libopenblas0-openmp).");
            return null;
        }

        var start = new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "peers", script), .. arguments]);
        if (python == Debian)
        {
            // The OpenMP build of OpenBLAS shares PyTorch's threads; with what Debian has without it PyTorch takes many times as long.
            var processor = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";
            var folder = $"/usr/lib/{processor}-linux-gnu/openblas-openmp";
            if (!Directory.Exists(folder))
            {
                Console.Error.WriteLine("PyTorch is not compared: it needs Debian's libopenblas0-openmp to be fast.");
                return null;
            }

            start.Environment["LD_LIBRARY_PATH"] = folder;
        }

        foreach (var name in start.Environment.Keys.Where(
            k => k.StartsWith("OPENBLAS_", StringComparison.Ordinal) || k.StartsWith("OMP_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        if (OpenBlas.CoreType is { } core)
            start.Environment["OPENBLAS_CORETYPE"] = core;
        return Start("PyTorch", start);
    }

    /// <summary>This program with other arguments, with memory kept.</summary>
    public static ProcessStartInfo Again(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Insert(0, typeof(PeerProcess).Assembly.Location);
        foreach (var (name, value) in KeptMemory)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>A number, or NaN for what the other side cannot do, such as run out of memory.</summary>
    public double Ask(string request)
    {
        _process.StandardInput.WriteLine(request);
        var answer = _process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException($"{Name} ended in {request}; what it said is above.");
        return double.TryParse(answer, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static PeerProcess Start(string name, ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        foreach (var (variable, value) in KeptMemory)
            start.Environment[variable] = value;
        var process = Process.Start(start)!;
        var greeting = process.StandardOutput.ReadLine();
        return greeting?.StartsWith("ready ", StringComparison.Ordinal) == true
            ? new(name, process, greeting["ready ".Length..])
            : throw new InvalidOperationException($"{name} did not start; what it said is above.");
    }

    private static bool HasTorch(string python)
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo(python, ["-c", "import torch"]) { RedirectStandardError = true })!;
            probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
