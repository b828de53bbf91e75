using System.Diagnostics;
using System.Text.Json.Nodes;
using Mezcla.Tests;

namespace Mezcla.Distributed.Tests;

/// <summary>Trains with the command in processes that MPI's own launcher starts.</summary>
internal sealed class Launcher : IDisposable
{
    // Whoever runs these tests may be part of a Slurm job: the trainings here are not.
    private static readonly Dictionary<string, string> Environment = new() { ["MEZCLA_THREADS"] = "1" };

    /// <summary>The command as it was built for these tests.</summary>
    public static string Command { get; } = Path.Combine(AppContext.BaseDirectory, "Mezcla.Cli.dll");

    /// <summary>MPICH's launcher. The test is skipped where there is none.</summary>
    public static string Mpiexec
    {
        get
        {
            if (MpiLibrary.Name is null)
                Assert.Skip("MPI's library is not installed (apt install mpich): tests that start several processes need it.");
            var folders = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
            // Where Open MPI is installed too, mpiexec may be its launcher.
            foreach (var name in (string[])["mpiexec.mpich", "mpiexec.hydra", "mpiexec"])
                if (folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } found)
                    return found;
            Assert.Skip("mpiexec is not installed (apt install mpich): tests that start several processes need it.");
            return "";
        }
    }

    /// <summary>Where the trainings write.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("mezcla-mpi").FullName;

    public Launcher()
    {
        var random = new Random(1);
        string[] words = ["the", "cat", "sat", "on", "a", "mat", "and", "ran", "big", "red", "sun", "sea"];
        File.WriteAllText(Path.Combine(Folder, "text.txt"),
            string.Join(' ', Enumerable.Range(0, 4000).Select(_ => words[random.Next(words.Length)])));
    }

    /// <summary>The arguments of a small training; <paramref name="more"/> take the place of those of the same name.</summary>
    public static string[] Training(string name, int steps, params string[] more)
    {
        string[] usual = ["--data", "text.txt", "--tokenizer", "characters", "--layers", "1", "--hidden", "16", "--heads", "2", "--context",
            "16", "--batch", "8", "--device", "cpu", "--steps", $"{steps}", "-o", $"{name}.safetensors", "--record", $"{name}.jsonl"];
        return ["train", .. usual.Chunk(2).Where(option => !more.Contains(option[0])).SelectMany(option => option), .. more];
    }

    /// <summary>Starts a training in two processes that will not end soon, waits until it has recorded so many steps, and finds its
    /// processes.</summary>
    public (Process Launcher, Process[] Ranks) Start(string name, int recorded, int steps, params string[] more)
    {
        var start = new ProcessStartInfo(Mpiexec, ["-n", "2", "dotnet", Command, .. Training(name, steps, more)])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MEZCLA_THREADS"] = "1";
        var launcher = Process.Start(start)!;
        var record = Path.Combine(Folder, $"{name}.jsonl");
        for (var clock = Stopwatch.StartNew(); Lines() <= recorded; Thread.Sleep(20))
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3) && !launcher.HasExited, "The training did not begin.");
        Process[] ranks = [.. Process.GetProcessesByName("dotnet").Where(IsOurs)];
        Assert.Equal(2, ranks.Length);
        return (launcher, ranks);

        int Lines()
        {
            if (!File.Exists(record))
                return 0;
            using var reader = new StreamReader(new FileStream(record, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd().Count(c => c == '\n');
        }

        bool IsOurs(Process process)
        {
            try
            {
                return File.ResolveLinkTarget($"/proc/{process.Id}/cwd", false)?.FullName == Folder;
            }
            catch (IOException)
            {
                return false; // it has ended meanwhile
            }
        }
    }

    /// <summary>Runs the command, in several processes if <paramref name="processes"/> is not 0.</summary>
    public (int Code, string Log) Run(int processes, params string[] arguments) => processes == 0
        ? Programs.Run("dotnet", [Command, .. arguments], Folder, Environment)
        : Programs.Run(Mpiexec, ["-n", $"{processes}", "dotnet", Command, .. arguments], Folder, Environment);

    /// <summary>Runs a training that must succeed, and returns the steps that it recorded.</summary>
    public JsonObject[] Train(int processes, string name, int steps, params string[] more)
    {
        var (code, log) = Run(processes, Training(name, steps, more));
        Assert.True(code == 0, log);
        return Steps(name);
    }

    /// <summary>The recorded steps of a training.</summary>
    public JsonObject[] Steps(string name) =>
        [.. File.ReadAllLines(Path.Combine(Folder, $"{name}.jsonl")).Skip(1).Select(line => JsonNode.Parse(line)!.AsObject())];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
