namespace Mezcla.Kernel.Tests;

public sealed class ConnectionFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_saved_is_loaded_and_nobody_else_can_read_it()
    {
        ConnectionFile connection = ConnectionFile.Create() with
        {
            ShellPort = 1,
            IoPubPort = 2,
            StdinPort = 3,
            ControlPort = 4,
            HeartbeatPort = 65535,
            KernelName = "csharp"
        };
        var path = Path.Combine(_folder, "deeper", "kernel.json");
        connection.Save(path);
        Assert.Equal(connection, ConnectionFile.Load(path));
        Assert.Equal(64, connection.Key.Length);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData("", "not a connection file")]
    [InlineData("[]", "one JSON object")]
    [InlineData("{\"shell_port\": 1}", "iopub_port")]
    [InlineData("{\"shell_port\": \"1\"}", "shell_port")]
    [InlineData("{\"shell_port\": 70000}", "70000")]
    [InlineData("{\"ip\": 5, \"shell_port\": 1, \"iopub_port\":1, \"stdin_port\":1,\"control_port\":1,\"hb_port\":1}",
        "not a connection file")]
    public void What_is_wrong_with_a_file_is_said(string text, string reason)
    {
        var path = Path.Combine(_folder, "bad.json");
        File.WriteAllText(path, text);
        Assert.Contains(reason, Assert.Throws<FormatException>(() => ConnectionFile.Load(path)).Message);
    }

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        await using var kernel = new JupyterKernel(ConnectionFile.Create(), new KernelOptions { Log = TextWriter.Null });
        Assert.Contains("shell channel", Assert.Throws<IOException>(() => new JupyterKernel(kernel.Connection)).Message);
    }

    [Fact]
    public void An_unknown_transport_is_named() =>
        Assert.Contains("smoke",
            Assert.Throws<FormatException>(() => new JupyterKernel(ConnectionFile.Create() with { Transport = "smoke" })).Message);
}
