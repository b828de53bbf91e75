using System.Diagnostics;

namespace Mezcla.Tests;

/// <summary>Runs programs to their end.</summary>
internal static class Programs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <summary>Runs a program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">The folder that it runs in.</param>
    /// <param name="environment">Environment variables beyond those of the tests.</param>
    /// <param name="input">What it reads.</param>
    /// <returns>Its exit code, and what it wrote.</returns>
    /// <exception cref="TimeoutException">It did not end in twenty minutes.</exception>
    public static (int Code, string Log) Run(
        string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string> environment, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} did not end in {Patience}.");
        }

        return (process.ExitCode, output.Result + errors.Result);
    }
}
