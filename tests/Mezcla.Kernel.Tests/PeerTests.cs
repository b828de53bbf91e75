using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Tests;

/// <summary>
/// The kernel as the command line installs it, driven by Debian's own clients:
/// jupyter_client by way of the script beside this file, and nbconvert.
/// </summary>
public sealed class PeerTests(PeerTests.Installation installation) : IClassFixture<PeerTests.Installation>
{
    [Theory]
    [InlineData("immediate")]
    [InlineData("execute")]
    [InlineData("errors")]
    [InlineData("aborting")]
    [InlineData("stdin")]
    [InlineData("language")]
    [InlineData("history")]
    [InlineData("comms")]
    [InlineData("two_clients")]
    [InlineData("heartbeat")]
    [InlineData("forged")]
    [InlineData("garbage")]
    [InlineData("interrupt_loop")]
    [InlineData("interrupt_sleep")]
    [InlineData("interrupt_await")]
    [InlineData("interrupt_printing")]
    [InlineData("interrupt_recursion")]
    [InlineData("restart")]
    [InlineData("environment_exit")]
    [InlineData("process_exit")]
    [InlineData("shutdown")]
    [InlineData("orphaned")]
    public async Task Through_jupyter_client(string check)
    {
        var log = await installation.DriveAsync();
        var line = log.Split('\n').FirstOrDefault(l => l.Split(':')[0].Split(' ') is [_, var name, ..] && name == check) ?? "not reached";
        Assert.True(line == $"PASS {check}", $"{line}\n{log}");
    }

    [Fact]
    public async Task Nbconvert_executes_a_notebook()
    {
        installation.Require("jupyter-nbconvert", "--version");
        string[] cells = ["var x = 41;\nConsole.WriteLine(\"hola\");\nx + 1", "Console.Error.Write(\"eco\");", "display(x);"];
        var notebook = new JsonObject
        {
            ["cells"] = new JsonArray([.. cells.Select((source, i) => new JsonObject
            {
                ["cell_type"] = "code",
                ["id"] = $"cell-{i}",
                ["metadata"] = new JsonObject(),
                ["execution_count"] = null,
                ["outputs"] = new JsonArray(),
                ["source"] = source,
            })]),
            ["metadata"] = new JsonObject
            {
                ["kernelspec"] = new JsonObject { ["name"] = ".net-csharp", ["display_name"] = ".NET (C#)", ["language"] = "C#" },
            },
            ["nbformat"] = 4,
            ["nbformat_minor"] = 5,
        };
        var path = Path.Combine(installation.Folder, "small.ipynb");
        File.WriteAllText(path, notebook.ToJsonString());
        var (code, log) = await installation.RunAsync("jupyter-nbconvert", "--to", "notebook", "--execute", path, "--output",
            "executed.ipynb");
        Assert.True(code == 0, log);

        JsonNode executed = JsonNode.Parse(File.ReadAllText(Path.Combine(installation.Folder, "executed.ipynb")))!;
        JsonArray Outputs(int cell) => executed["cells"]![cell]!["outputs"]!.AsArray();
        Assert.Equal(["stream", "execute_result"], Outputs(0).Select(o => o!["output_type"]!.GetValue<string>()));
        Assert.Equal("42", string.Concat(Outputs(0)[1]!["data"]!["text/plain"]!.AsArray().Select(l => l!.GetValue<string>())));
        Assert.Equal("stderr", Outputs(1)[0]!["name"]!.GetValue<string>());
        Assert.Equal("display_data", Outputs(2)[0]!["output_type"]!.GetValue<string>());
        Assert.Equal("C#", executed["metadata"]!["language_info"]!["name"]!.GetValue<string>());
    }

    /// <summary>The kernel installed under a temporary prefix, and the peers' environment.</summary>
    public sealed class Installation : IDisposable
    {
        /// <summary>The command's assembly as it was built beside these tests.</summary>
        public static readonly string Cli = typeof(PeerTests).Assembly
            .GetCustomAttributes(typeof(System.Reflection.AssemblyMetadataAttribute), false)
            .Cast<System.Reflection.AssemblyMetadataAttribute>().Single(a => a.Key == "Cli").Value!;

        private readonly Lazy<Task<string>> _drive;
        private readonly Lazy<Task> _install;

        public Installation()
        {
            _install = new Lazy<Task>(InstallAsync);
            _drive = new Lazy<Task<string>>(async () =>
                (await RunAsync("/usr/bin/python3", Path.Combine(AppContext.BaseDirectory, "peers", "drive_kernel.py"),
                    ".net-csharp")).Log);
        }

        public string Folder { get; } = Directory.CreateTempSubdirectory("mezcla").FullName;

        /// <summary>What the script printed; it runs once.</summary>
        public async Task<string> DriveAsync()
        {
            Require("/usr/bin/python3", "-c", "import jupyter_client");
            return await _drive.Value;
        }

        public async Task<(int Code, string Log)> RunAsync(string program, params string[] arguments)
        {
            await _install.Value;
            return await StartAsync(program, arguments, TimeSpan.FromMinutes(10));
        }

        /// <summary>Runs the command.</summary>
        public Task<(int Code, string Log)> MezclaAsync(params string[] arguments) => RunAsync("dotnet", [Cli, .. arguments]);

        /// <summary>Skips the test where a peer is missing.</summary>
        public void Require(string program, params string[] arguments)
        {
            try
            {
                var (code, log) = StartAsync(program, arguments, TimeSpan.FromMinutes(2)).GetAwaiter().GetResult();
                if (code == 0)
                    return;
                Assert.Skip(
                    $"'{program} {string.Join(' ', arguments)}' fails ({log.Trim().Split('\n')[^1]}); on Debian: apt-get install " +
                        "python3-jupyter-client jupyter-nbconvert");
            }
            catch (System.ComponentModel.Win32Exception)
            {
                Assert.Skip($"{program} is not here; on Debian: apt-get install python3-jupyter-client jupyter-nbconvert");
            }
        }

        /// <summary>Starts a program in the folder, with nothing of this user's Jupyter in its environment.</summary>
        public Process Start(string program, params string[] arguments)
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
                WorkingDirectory = Folder,
            };
            start.Environment["JUPYTER_PATH"] = Path.Combine(Folder, "share", "jupyter");
            start.Environment["XDG_DATA_HOME"] = Path.Combine(Folder, "data");
            start.Environment["JUPYTER_RUNTIME_DIR"] = Path.Combine(Folder, "runtime");
            start.Environment["IPYTHONDIR"] = Path.Combine(Folder, "ipython");
            start.Environment.Remove("JUPYTER_DATA_DIR");
            Process process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }

        public void Dispose() => Directory.Delete(Folder, recursive: true);

        private async Task InstallAsync()
        {
            var (code, log) = await StartAsync("dotnet", [Cli, "kernel", "install", "--copy", "--prefix", Folder], TimeSpan.FromMinutes(5));
            Assert.True(code == 0, log);
        }

        private async Task<(int Code, string Log)> StartAsync(string program, string[] arguments, TimeSpan limit)
        {
            using Process process = Start(program, arguments);
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            using var timeout = new CancellationTokenSource(limit);
            try
            {
                await process.WaitForExitAsync(timeout.Token);
                return (process.ExitCode, await output + await errors);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return (-1, $"stopped after {limit}\n{await output}{await errors}");
            }
        }
    }
}
