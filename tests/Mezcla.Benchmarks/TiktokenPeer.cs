using System.Diagnostics;
using System.Globalization;

namespace Mezcla.Benchmarks;

/// <summary>npm's tiktoken, its Rust core as WebAssembly, in a process of its own (peers/tiktoken_speed.mjs).</summary>
internal sealed class TiktokenPeer : IDisposable
{
    private readonly Process _process;

    public TiktokenPeer(string folder)
    {
        var start = new ProcessStartInfo("node")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "peers", "tiktoken_speed.mjs"), Path.GetFullPath(folder) },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
        if (_process.StandardOutput.ReadLine() != "ready")
            throw new InvalidOperationException(
                "tiktoken did not start. Install it with: npm install --prefix FOLDER tiktoken@1.0.22, and name FOLDER with --peer. " +
                    $"({folder})");
    }

    /// <summary>Encodes a file once: seconds, and how many tokens it became.</summary>
    public (double Seconds, int Tokens) Measure(string encoding, string path)
    {
        _process.StandardInput.WriteLine($"{encoding}\t{path}");
        var parts = (_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("tiktoken ended; what it said is above."))
            .Split('\t');
        return (double.Parse(parts[0], CultureInfo.InvariantCulture) / 1e9, int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
