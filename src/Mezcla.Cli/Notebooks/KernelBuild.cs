using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Mezcla.Cli.Notebooks;

/// <summary>A folder with a build of this program that can be installed as a kernel.</summary>
internal sealed class KernelBuild : IDisposable
{
    private readonly bool _temporary;

    private KernelBuild(string folder, bool temporary)
    {
        Folder = folder;
        _temporary = temporary;
    }

    /// <summary>The folder of the build.</summary>
    public string Folder { get; }

    /// <summary>The build that is running now.</summary>
    public static KernelBuild Running() => new(AppContext.BaseDirectory, temporary: false);

    /// <summary>
    /// In a clone of the repository: a new build that is compiled ahead of time (ReadyToRun) and starts in about half the time, or a plain
    /// build if that compiler is not available. Elsewhere: the build that is running now.
    /// </summary>
    /// <param name="log">Where to report progress.</param>
    public static KernelBuild Publish(TextWriter log)
    {
        if (Checkout() is not { } root)
            return Running();
        var folder = Path.Combine(Path.GetTempPath(), $"mezcla-kernel-{Guid.NewGuid():N}");
        log.WriteLine("Building the kernel. It is compiled ahead of time so that it starts fast; this takes a minute ...");
        var rid = RuntimeInformation.RuntimeIdentifier;
        var readyToRun = DotNet(root, folder, "-r", rid, "--self-contained", "false", "-p:PublishReadyToRun=true");
        if (readyToRun.Length == 0)
            return new KernelBuild(folder, temporary: true);

        log.WriteLine($"Compiling ahead of time failed on {rid}: {readyToRun}");
        log.WriteLine("Building without it. The kernel works the same and takes longer to start ...");
        var plain = DotNet(root, folder);
        if (plain.Length == 0)
            return new KernelBuild(folder, temporary: true);

        log.WriteLine($"That build failed too: {plain}");
        log.WriteLine("Installing the program that is running now.");
        return Running();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_temporary && Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    // The clone of the repository that this program runs from; null if it runs from elsewhere.
    private static string? Checkout()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mezcla.slnx"))
                && Directory.Exists(Path.Combine(folder.FullName, "src", "Mezcla.Cli")))
                return folder.FullName;
        }

        return null;
    }

    // Returns an empty text if it worked, else the first error. The build has a folder
    // of its own, because the clone's other builds may be running.
    private static string DotNet(string root, string output, params string[] more)
    {
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] arguments =
        [
            "publish", Path.Combine(root, "src", "Mezcla.Cli"), "-c", "Release", "-o", output, "--nologo", "-v", "quiet",
            "--artifacts-path", Path.Combine(root, "artifacts", "kernel-build"),

            // A build server would outlive the build and keep the output open, which is read to its end below.
            "-nodeReuse:false", "-p:UseSharedCompilation=false", .. more,
        ];
        var start = new ProcessStartInfo(host,
            arguments)
        { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = root };

        // `dotnet run` and tests set these for their own MSBuild; another one must not use them.
        start.Environment.Remove("MSBUILD_EXE_PATH");
        start.Environment.Remove("MSBuildSDKsPath");
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            var text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode == 0)
                return "";
            var lines = (text + "\n" + errors.GetAwaiter().GetResult()).Split('\n',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal)) ?? lines.LastOrDefault()
                ?? $"exit code {process.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"the program dotnet cannot be started: {e.Message}";
        }
    }
}
