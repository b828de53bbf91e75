using System.Diagnostics;
using System.Text.Json.Nodes;
using Mezcla.Kernel.Tests.Client;
using Mezcla.Tests;

namespace Mezcla.Kernel.Tests;

/// <summary>The command <c>mezcla kernel</c>, run as a process.</summary>
public sealed class CommandTests(PeerTests.Installation installation) : IClassFixture<PeerTests.Installation>
{
    [Fact]
    public async Task What_is_installed_is_listed_and_uninstalled()
    {
        var prefix = Path.Combine(installation.Folder, "another");
        var (code, log) = await installation.MezclaAsync("kernel", "install", "--copy", "--prefix", prefix, "--name", "mine",
            "--display-name", "My C#");
        Assert.True(code == 0, log);
        Assert.Contains("My C#", log);
        Assert.Contains("VS Code", log);
        Assert.Contains("JUPYTER_PATH", log);
        var data = Path.Combine(prefix, "share", "jupyter");
        Assert.Equal(["mine"], Directory.GetDirectories(Path.Combine(data, "kernels")).Select(Path.GetFileName));

        (code, log) = await installation.MezclaAsync("kernel", "list");
        Assert.True(code == 0, log);
        Assert.Contains(".net-csharp", log);
        Assert.DoesNotContain("mine", log);

        (code, log) = await installation.MezclaAsync("kernel", "uninstall", "--prefix", prefix);
        Assert.True(code == 0, log);
        Assert.Contains("Removed mine", log);
        Assert.Empty(Directory.GetDirectories(Path.Combine(data, "kernels")));
        Assert.False(Directory.Exists(Path.Combine(data, "mezcla-kernel")));
        (code, log) = await installation.MezclaAsync("kernel", "uninstall", "--prefix", prefix);
        Assert.Equal(1, code);
        Assert.Contains("kernel list", log);
    }

    [Theory]
    [InlineData("Only one of", "kernel", "install", "--user", "--sys-prefix")]
    [InlineData("cannot name a kernel", "kernel", "install", "--copy", "--name", "a/b")]
    [InlineData("error: ", "kernel", "start", "--connection-file", ".")]
    public async Task What_cannot_be_done_is_said_in_a_line(string reason, params string[] arguments)
    {
        var (code, log) = await installation.MezclaAsync(arguments);
        Assert.NotEqual(0, code);
        Assert.Contains(reason, log);
        Assert.DoesNotContain("   at ", log);
    }

    [Fact]
    public async Task A_kernel_started_by_hand_prints_its_connection_survives_ctrl_c_and_ends_when_told_to()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Signals are sent by the program kill, which Windows does not have.");
        using Process process = installation.Start("dotnet", PeerTests.Installation.Cli, "kernel", "start");
        if (Signals.IgnoresInterrupt(process))
        {
            process.Kill();
            Assert.Skip(
                "These tests were started with SIGINT ignored, as a shell's background jobs are: what they start never hears of Ctrl-C.");
        }

        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(KernelClient.Patience);
        Assert.StartsWith("Connection file: ", line);
        var path = line!["Connection file: ".Length..];
        await using (KernelClient client = await KernelClient.ConnectAsync(ConnectionFile.Load(path)))
        {
            var id = client.Send("execute_request", KernelClient.Code("Console.Write(1); System.Threading.Thread.Sleep(-1);"));
            while ((await client.IoPubAsync()).Type != "stream")
            {
            }

            await Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExitAsync();
            Assert.Equal("error", (await client.ReceiveAsync(client.Shell)).Text("status"));
            Assert.Contains(await client.PublishedAsync(id), m => m.Type == "error");
            var (reply, _) = await client.ExecuteAsync("1 + 1", new JsonObject());
            Assert.Equal("ok", reply.Text("status"));
        }

        await Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExitAsync();
        await process.WaitForExitAsync().WaitAsync(KernelClient.Patience);
        Assert.Equal(0, process.ExitCode);
        Assert.False(File.Exists(path));
    }
}
