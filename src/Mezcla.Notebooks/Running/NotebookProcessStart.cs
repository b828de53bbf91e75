using System.Diagnostics;
using System.Text;

namespace Mezcla.Notebooks.Running;

/// <summary>How to start a process that calls <see cref="NotebookHost.ServeAsync"/> or <see cref="EngineHost.ServeAsync"/>.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Environment variables to add or, where null, to remove.</param>
public sealed record NotebookProcessStart(string FileName, IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string?>? Environment = null)
{
    /// <summary>Starts the process with its three streams redirected.</summary>
    /// <param name="folder">Its working directory.</param>
    /// <exception cref="IOException">It could not be started.</exception>
    internal Process Begin(string folder)
    {
        var info = new ProcessStartInfo(FileName, Arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in Environment ?? new Dictionary<string, string?>())
            info.Environment[name] = value;
        try
        {
            return Process.Start(info) ?? throw new IOException($"'{FileName}' did not start.");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new IOException($"'{FileName}' could not be started: {e.Message}", e);
        }
    }
}
