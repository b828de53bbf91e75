using System.IO.Compression;
using System.Text.Json.Nodes;
using Mezcla.Kernel.Installation;
using static Mezcla.Kernel.Installation.JupyterPaths;

namespace Mezcla.Kernel.Tests;

public sealed class InstallationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla").FullName;

    private string Data => Path.Combine(_folder, "share", "jupyter");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Data_folders_are_those_of_the_platform()
    {
        Assert.Equal(Path.Combine("/home/u", ".local", "share", "jupyter"), Paths(Platform.Linux, "/home/u").UserData);
        Assert.Equal(Path.Combine("/data", "jupyter"), Paths(Platform.Linux, "/home/u", ("XDG_DATA_HOME", "/data")).UserData);
        Assert.Equal(Path.Combine("/Users/u", "Library", "Jupyter"), Paths(Platform.MacOS, "/Users/u").UserData);
        Assert.Equal(Path.Combine(@"C:\Users\u\AppData\Roaming", "jupyter"),
            Paths(Platform.Windows, @"C:\Users\u", ("APPDATA", @"C:\Users\u\AppData\Roaming")).UserData);
        foreach (Platform platform in Enum.GetValues<Platform>())
            Assert.Equal("/mine", Paths(platform, "/home/u", ("JUPYTER_DATA_DIR", "/mine")).UserData);
    }

    [Fact]
    public void Folders_are_searched_in_jupyters_order()
    {
        Assert.Equal(
            ["/a", "/b", Path.Combine("/home/u", ".local", "share", "jupyter"), Path.Combine("/venv", "share", "jupyter"),
                "/usr/local/share/jupyter", "/usr/share/jupyter"],
            Paths(Platform.Linux, "/home/u", ("JUPYTER_PATH", "/a:/b"), ("VIRTUAL_ENV", "/venv")).Search);
        Assert.Contains(Path.Combine(@"D:\ProgramData", "jupyter"),
            Paths(Platform.Windows, @"C:\u", ("PROGRAMDATA", @"D:\ProgramData"), ("JUPYTER_PATH", @"C:\a;C:\b")).Search);
        Assert.Contains(@"C:\b", Paths(Platform.Windows, @"C:\u", ("JUPYTER_PATH", @"C:\a;C:\b")).Search);
    }

    [Fact]
    public void An_installed_kernel_is_listed_and_its_specification_complete()
    {
        var (installed, aside) = KernelInstaller.Install(Options());
        Assert.Empty(aside);
        Assert.Equal(["test-a", "test-b"], installed.Select(k => k.Name));
        Assert.Equal(installed, KernelInstaller.List([Path.Combine(_folder, "none"), Data]));

        JsonNode json = JsonNode.Parse(File.ReadAllText(Path.Combine(Data, "kernels", "test-a", "kernel.json")))!;
        string[] argv = [.. json["argv"]!.AsArray().Select(a => a!.GetValue<string>())];
        Assert.True(File.Exists(argv[0]), argv[0]);
        Assert.True(File.Exists(argv[1]), argv[1]);
        Assert.Equal(["kernel", "start", "--connection-file", "{connection_file}"], argv[2..]);
        Assert.Equal("message", json["interrupt_mode"]!.GetValue<string>());
        Assert.Equal("C#", json["language"]!.GetValue<string>());
        foreach (var logo in new[] { "logo-32x32.png", "logo-64x64.png", "logo-svg.svg" })
            Assert.True(File.Exists(Path.Combine(Data, "kernels", "test-a", logo)), logo);
        Assert.True(File.Exists(Path.Combine(installed[0].Application!, "runtimes", "native.txt")));
    }

    [Fact]
    public void Installing_again_replaces_the_program_once_no_kernel_runs_from_it()
    {
        var first = KernelInstaller.Install(Options()).Installed[0].Application!;
        using (KernelInstaller.Hold(first))
        {
            Assert.NotEqual(first, KernelInstaller.Install(Options()).Installed[0].Application);
            Assert.True(Directory.Exists(first));
        }

        KernelInstaller.Install(Options());
        Assert.False(Directory.Exists(first));
        Assert.Single(Directory.GetDirectories(Path.Combine(Data, "mezcla-kernel")));
    }

    [Fact]
    public void Another_programs_kernel_of_the_same_name_comes_back_when_ours_goes()
    {
        var folder = Path.Combine(Data, "kernels", "test-a");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "kernel.json"), "{\"argv\":[\"other\"],\"display_name\":\"Other\",\"language\":\"C#\"}");
        Assert.Equal(["test-a"], KernelInstaller.Install(Options()).PutAside);
        Assert.Empty(KernelInstaller.Install(Options()).PutAside);

        var (removed, back) = KernelInstaller.Uninstall(Data, ["test-a", "test-b", "never"]);
        Assert.Equal(["test-a", "test-b"], removed);
        Assert.Equal(["test-a"], back);
        Assert.Equal("Other", KernelInstaller.List([Data]).Single().DisplayName);
        Assert.Empty(KernelInstaller.Uninstall(Data, ["test-a"]).Removed);
        Assert.Empty(Directory.GetDirectories(Path.Combine(Data, "mezcla-kernel"), "0*"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    public void Names_that_jupyter_does_not_allow_are_refused(string name) =>
        Assert.Throws<ArgumentException>(() => KernelInstaller.Install(Options() with { Names = [new(name, "x")] }));

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void The_logo_is_a_png_of_the_size_in_its_name_with_every_checksum_right(int side)
    {
        KernelInstaller.Install(Options());
        var png = File.ReadAllBytes(Path.Combine(Data, "kernels", "test-a", $"logo-{side}x{side}.png"));
        var at = 8;
        var types = new List<string>();
        byte[] data = [];
        while (at < png.Length)
        {
            var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            types.Add(System.Text.Encoding.ASCII.GetString(png, at + 4, 4));
            Assert.Equal(Crc32(png.AsSpan(at + 4, length + 4)),
                System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)));
            if (types[^1] == "IDAT")
                data = png[(at + 8)..(at + 8 + length)];
            at += 12 + length;
        }

        Assert.Equal(["IHDR", "IDAT", "IEND"], types);
        var pixels = new MemoryStream();
        new ZLibStream(new MemoryStream(data), CompressionMode.Decompress).CopyTo(pixels);
        Assert.Equal(side * (1 + 4 * side), pixels.Length);
    }

    private static uint Crc32(ReadOnlySpan<byte> data)
    {
        uint[] table =
            [.. Enumerable.Range(0, 256)
                .Select(n => Enumerable.Range(0, 8).Aggregate((uint)n, (c, _) => (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1))];
        var crc = uint.MaxValue;
        foreach (var b in data)
            crc = table[(crc ^ b) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    private static JupyterPaths Paths(Platform platform, string home, params (string Name, string Value)[] variables) =>
        new(name => variables.FirstOrDefault(v => v.Name == name).Value, platform, home);

    private KernelInstallOptions Options()
    {
        var program = Path.Combine(_folder, "program");
        Directory.CreateDirectory(Path.Combine(program, "runtimes"));
        File.WriteAllText(Path.Combine(program, "Program.dll"), "a program");
        File.WriteAllText(Path.Combine(program, "runtimes", "native.txt"), "a native library");
        return new KernelInstallOptions
        {
            DataFolder = Data,
            Program = program,
            Assembly = "Program.dll",
            Arguments = ["kernel", "start"],
            Names = [new("test-a", "Test A"), new("test-b", "Test B")],
            Version = "0.1.0",
        };
    }
}
