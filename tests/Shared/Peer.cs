using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Mezcla.Tests;

/// <summary>Other programs to compare with. Where one cannot be had the test is skipped, and the skip says what is missing.</summary>
internal static class Peer
{
    private static readonly TimeSpan LongestInstallation = TimeSpan.FromMinutes(5);

    /// <summary>A script in the folder <c>peers</c> beside the file that asks.</summary>
    public static string Script(string name, [CallerFilePath] string file = "") => Path.Combine(Folder(file), "peers", name);

    /// <summary>The folder of the file that asks.</summary>
    public static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    /// <summary>A folder in which npm has installed these packages; kept in the temporary folder for the next run.</summary>
    public static string Packages(params string[] packages) => Packages(packages, optional: true);

    /// <summary>The same; without <paramref name="optional"/> dependencies where those are large and not needed.</summary>
    public static string Packages(string[] packages, bool optional)
    {
        if (!Directory.Exists(Folder()))
            Assert.Skip("The sources of the tests are not here, and so neither are the scripts of the peers.");
        if (!CanRun("node", "--version"))
            Assert.Skip("Node.js is not installed: tests against npm packages need it.");
        var folder = Path.Combine(Path.GetTempPath(), "mezcla-peers", string.Join('+', packages).Replace('/', '-'));
        var done = Path.Combine(folder, "installed");
        if (File.Exists(done))
            return folder;
        // Other test programs, and other runs of this one, install into the same folder.
        using (Alone(folder + ".lock"))
        {
            if (File.Exists(done))
                return folder;
            if (Environment.GetEnvironmentVariable("MEZCLA_INSTALL") == "0")
                Assert.Skip($"npm's {string.Join(", ", packages)} not installed, and MEZCLA_INSTALL=0 forbids it.");
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, "package.json"), "{\"private\":true}");
            var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
            if (!CanRun(npm,
                ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts",
                    .. optional ? [] : new[] { "--omit=optional" }, .. packages]))
                Assert.Skip($"npm could not install {string.Join(", ", packages)}; is the network closed?");
            File.WriteAllText(done, "");
            return folder;
        }
    }

    /// <summary>Holds a file that no other process can hold; the system lets go of it with the process.</summary>
    private static FileStream Alone(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(200))
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (clock.Elapsed < LongestInstallation)
            {
                // Held elsewhere.
            }
        }
    }

    public static bool CanRun(string program, params string[] arguments)
    {
        try
        {
            using var process = Start(program, arguments);
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            error.Wait();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Gives a program lines and returns the lines it answers with; fails the test if it fails.</summary>
    public static string[] Ask(IEnumerable<string> lines, string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var answers = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            foreach (var line in lines)
                process.StandardInput.Write(line + "\n");
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything; why, its exit code and its errors say.
        }

        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {error.Result}");
        return answers.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        return Process.Start(start)!;
    }
}
