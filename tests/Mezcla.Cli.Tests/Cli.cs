using System.Diagnostics;

namespace Mezcla.Cli.Tests;

/// <summary>The command as a process.</summary>
internal static class Cli
{
    /// <summary>Runs it to its end.</summary>
    public static (int Code, string Output, string Errors) Run(string folder, string[] arguments, string input = "")
    {
        using var process = Start(folder, arguments);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(240_000), string.Join(' ', arguments));
        return (process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>Starts it.</summary>
    public static Process Start(string folder, string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Mezcla.Cli.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        })!;
}
