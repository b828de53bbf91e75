using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Mezcla.Cli.Commands;

/// <summary>A folder with this program, ready to be copied to where kernels are installed.</summary>
internal sealed class KernelBuild : IDisposable
{
    private readonly bool _temporary;

    private KernelBuild(string folder, bool temporary)
    {
        Folder = folder;
        _temporary = temporary;
    }

    public string Folder { get; }

    /// <summary>The program that runs now, as it is.</summary>
    public static KernelBuild Running() => new(AppContext.BaseDirectory, temporary: false);

    /// <summary>
    /// Run from a checkout: a build compiled ahead of time (ReadyToRun), which starts in about half the time; a plain build where the compiler
    /// for that cannot be had. Run from anywhere else: the running program.
    /// </summary>
    public static KernelBuild Publish(TextWriter log)
    {
        if (Checkout() is not { } root)
            return Running();
        string folder = Path.Combine(Path.GetTempPath(), $"mezcla-kernel-{Guid.NewGuid():N}");
        log.WriteLine("Building the kernel (ahead of time, so that it starts fast; this takes a minute) ...");
        string rid = RuntimeInformation.RuntimeIdentifier;
        string readyToRun = DotNet(root, folder, "-r", rid, "--self-contained", "false", "-p:PublishReadyToRun=true");
        if (readyToRun.Length == 0)
            return new KernelBuild(folder, temporary: true);

        log.WriteLine($"That did not work on {rid}: {readyToRun}");
        log.WriteLine("Building it without ahead-of-time compilation: it works the same and takes longer to start ...");
        string plain = DotNet(root, folder);
        if (plain.Length == 0)
            return new KernelBuild(folder, temporary: true);

        log.WriteLine($"That did not work either: {plain}");
        log.WriteLine("Installing the program that runs now.");
        return Running();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_temporary && Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    // The repository this program was built in, if it runs from there.
    private static string? Checkout()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mezcla.slnx")) && Directory.Exists(Path.Combine(folder.FullName, "src", "Mezcla.Cli")))
                return folder.FullName;
        }

        return null;
    }

    // Empty where it worked, else the first error. What it builds lies apart from the checkout's other builds, which may be running.
    private static string DotNet(string root, string output, params string[] more)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments =
        [
            "publish", Path.Combine(root, "src", "Mezcla.Cli"), "-c", "Release", "-o", output, "--nologo", "-v", "quiet",
            "--artifacts-path", Path.Combine(root, "artifacts", "kernel-build"),

            // Build servers would live on, and with them the output that is read to its end below.
            "-nodeReuse:false", "-p:UseSharedCompilation=false", .. more,
        ];
        var start = new ProcessStartInfo(host, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = root };

        // Settings that `dotnet run` or a test gives its children must not reach another MSBuild.
        start.Environment.Remove("MSBUILD_EXE_PATH");
        start.Environment.Remove("MSBuildSDKsPath");
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == 0)
                return "";
            string[] lines = (text + "\n" + errors.GetAwaiter().GetResult()).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? $"exit code {process.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"the program dotnet cannot be started: {e.Message}";
        }
    }
}
