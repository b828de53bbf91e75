using System.Diagnostics;
using System.Globalization;

namespace Mezcla.Benchmarks;

/// <summary>llama.cpp in a process of its own (peers/llama_speed.mjs) with one model loaded.</summary>
internal sealed class LlamaPeer : IDisposable
{
    private readonly Process _process;

    public LlamaPeer(string folder, string model)
    {
        var start = new ProcessStartInfo("node")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "peers", "llama_speed.mjs"), Path.GetFullPath(folder), model },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        while (_process.StandardOutput.ReadLine() is var line)
        {
            if (line is null)
                throw new InvalidOperationException(
                    "llama.cpp did not start. Install it with: npm install --ignore-scripts --prefix FOLDER node-llama-cpp, and name " +
                        $"FOLDER with --peer. ({folder})");
            if (line.StartsWith("ready", StringComparison.Ordinal))
                break;
        }
    }

    /// <summary>Seconds from when it began to load the model to the end of the last measurement.</summary>
    public double SinceLoading { get; private set; }

    /// <summary>Tokens per second of reading a prompt and of generating.</summary>
    public (double Prompt, double Generate) Measure(int threads, int prompt, int generate)
    {
        _process.StandardInput.WriteLine($"{threads} {prompt} {generate}");
        var parts = (_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("llama.cpp ended; what it said is above."))
            .Split(' ');
        SinceLoading = double.Parse(parts[2], CultureInfo.InvariantCulture) / 1000;
        return (double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
