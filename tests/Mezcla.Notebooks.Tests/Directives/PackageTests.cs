using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Mezcla.Notebooks.Tests;

/// <summary>Packages, restored by the SDK from a folder the tests fill.</summary>
public sealed class PackageTests(PackageTests.Feed feed) : IClassFixture<PackageTests.Feed>
{
    [Fact]
    public async Task Packages_with_dependencies_several_frameworks_and_native_files_work()
    {
        using var engine = feed.NewEngine();
        var output = new RecordingOutput();
        var result = await engine.RunAsync(
            $"#i \"nuget: {feed.Folder}\"\n#r \"nuget: Mezcla.Test.Outer, 1.0.0\"\n#r \"nuget:Mezcla.Test.Native,1.0.0\"\n"
            + "using Mezcla.Test;\n$\"{Outer.Name} {Native.Checksum()}\"",
            output);
        Assert.True(result.Succeeded, result.Error?.Message);

        // The build for this .NET wins over the one for netstandard, and the dependency came along.
        Assert.Equal("modern with inner 1.0 3421780262", result.ReturnValue);
        Assert.Equal("Restoring Mezcla.Test.Outer, Mezcla.Test.Native …", output.Displays[0].Bundle[MimeBundle.PlainText]);
        Assert.Equal("Installed: Mezcla.Test.Outer 1.0.0, Mezcla.Test.Native 1.0.0", output.Updates[0].Bundle[MimeBundle.PlainText]);

        // Again is nothing new; another version of what is in use is refused.
        var again = new RecordingOutput();
        Assert.Null((await engine.RunAsync("#r \"nuget: Mezcla.Test.Outer\"", again)).Error);
        Assert.Empty(again.Displays);
        var error = (await engine.RunAsync("1;\n#r \"nuget: Mezcla.Test.Outer, 2.0.0\"", again)).Error!;
        Assert.Equal("Mezcla.Test.Outer 1.0.0 is already in use in this session; restart the kernel to use 2.0.0.", error.Message);
        Assert.Equal(2, error.Line);
    }

    [Fact]
    public async Task What_is_not_found_names_the_sources_that_were_asked()
    {
        using var engine = feed.NewEngine();
        var output = new RecordingOutput();
        var error = (await engine.RunAsync($"#i \"nuget: {feed.Folder}\"\n#r \"nuget: Mezcla.Test.Absent, 1.0.0\"", output)).Error!;
        Assert.StartsWith("Could not restore Mezcla.Test.Absent 1.0.0.", error.Message, StringComparison.Ordinal);
        Assert.Contains(feed.Folder, error.Message);
        Assert.Equal("Not restored: Mezcla.Test.Absent", output.Updates[^1].Bundle[MimeBundle.PlainText]);
        Assert.Equal(3, (await engine.RunAsync("1 + 2", output)).ReturnValue);
    }

    [Fact]
    public async Task What_the_host_has_in_another_version_is_said()
    {
        using var engine = feed.NewEngine(typeof(AngleSharp.Html.Parser.HtmlParser).Assembly);
        var output = new RecordingOutput();
        var result = await engine.RunAsync(
            $"#i \"nuget: {feed.Folder}\"\n#r \"nuget: Mezcla.Test.Clash, 1.0.0\"\ntypeof(AngleSharp.Html.Parser.HtmlParser).Name", output);
        Assert.True(result.Succeeded, result.Error?.Message);
        Assert.Contains("AngleSharp: Mezcla.Notebooks itself uses version", output.Updates[^1].Bundle[MimeBundle.PlainText]);
        Assert.Contains("not 99.0.0.0", output.Updates[^1].Bundle[MimeBundle.PlainText]);
    }

    [Fact]
    public void The_choice_of_files_is_read_from_the_assets_file()
    {
        var folder = Directory.CreateTempSubdirectory("mezcla-assets-");
        try
        {
            var file = Path.Combine(folder.FullName, "project.assets.json");
            Assert.Null(AssetsFile.TryRead(file));
            File.WriteAllText(file, "{ broken");
            Assert.Null(AssetsFile.TryRead(file));
            File.WriteAllText(file,
                "{\"packageFolders\":{},\"libraries\":{},\"targets\":{\"net10.0\":{}},\"logs\":[{\"level\":\"Error\"}]}");
            Assert.Null(AssetsFile.TryRead(file));
            File.WriteAllText(file, "{\"packageFolders\":{},\"libraries\":{},\"targets\":{\"net10.0\":{}}}");
            Assert.Empty(AssetsFile.TryRead(file)!.RuntimeFiles);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A folder with packages made for these tests.</summary>
    public sealed class Feed : IDisposable
    {
        private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("mezcla-feed-");

        public Feed()
        {
            Directory.CreateDirectory(Folder);

            // What NuGet unpacks is for these tests only, not for the user's own store.
            Environment.SetEnvironmentVariable("NUGET_PACKAGES", Path.Combine(_root.FullName, "unpacked"));
            Pack("Mezcla.Test.Inner", "1.0.0", [],
                ("lib/netstandard2.0/Mezcla.Test.Inner.dll", Library("Mezcla.Test.Inner",
                    "namespace Mezcla.Test { public static class Inner { public static string Name => \"inner 1.0\"; } }")));
            var inner = Library("Mezcla.Test.Inner",
                "namespace Mezcla.Test { public static class Inner { public static string Name => \"inner 1.0\"; } }");
            Pack(
                "Mezcla.Test.Outer",
                "1.0.0",
                ["Mezcla.Test.Inner"],
                ("lib/netstandard2.0/Mezcla.Test.Outer.dll", Library("Mezcla.Test.Outer",
                    "namespace Mezcla.Test { public static class Outer { public static string Name => \"old\"; } }")),
                ("lib/net10.0/Mezcla.Test.Outer.dll",
                    Library("Mezcla.Test.Outer",
                        "namespace Mezcla.Test { public static class Outer { public static string Name => \"modern with \" + Inner.Name; " +
                            "} }", inner)));
            const string Native = """
                namespace Mezcla.Test { public static unsafe class Native {
                    [System.Runtime.InteropServices.DllImport("mezclatest")]
                    static extern uint CompressionNative_Crc32(uint crc, byte* buffer, int length);
                    public static uint Checksum() { fixed (byte* text = "123456789"u8) return CompressionNative_Crc32(0, text, 9); } } }
                """;
            var system = Directory.GetFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "*System.IO.Compression.Native*")
                .First(file => !file.EndsWith(".a", StringComparison.Ordinal));
            var prefix = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "" : "lib";
            Pack(
                "Mezcla.Test.Native",
                "1.0.0",
                [],
                ("lib/netstandard2.0/Mezcla.Test.Native.dll", Library("Mezcla.Test.Native", Native)),
                ($"runtimes/{RuntimeInformation.RuntimeIdentifier}/native/{prefix}mezclatest{Path.GetExtension(system)}",
                    File.ReadAllBytes(system)));
            Pack("Mezcla.Test.Clash", "1.0.0", [],
                ("lib/netstandard2.0/AngleSharp.dll",
                    Library("AngleSharp", "[assembly: System.Reflection.AssemblyVersion(\"99.0.0.0\")] public class C { }")));
        }

        public string Folder => Path.Combine(_root.FullName, "packages");

        public CellEngine NewEngine(params System.Reflection.Assembly[] references) =>
            new(new CellEngineOptions { PackageCache = Path.Combine(_root.FullName, "cache"), References = references });

        public void Dispose()
        {
            try
            {
                _root.Delete(recursive: true);
            }
            catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
            {
                // Windows keeps loaded native libraries open; its temporary folder is cleaned by others.
            }
        }

        private static byte[] Library(string name, string source, byte[]? reference = null)
        {
            var stream = new MemoryStream();
            TestAssemblies.Write(stream, name, source, reference);
            return stream.ToArray();
        }

        private void Pack(string id, string version, string[] dependencies, params (string Path, byte[] Content)[] files)
        {
            using var archive = ZipFile.Open(Path.Combine(Folder, $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
            var groups = string.Concat(dependencies.Select(dependency => $"<dependency id=\"{dependency}\" version=\"1.0.0\" />"));
            Add(archive, $"{id}.nuspec", System.Text.Encoding.UTF8.GetBytes($"""
                <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
                <id>{id}</id><version>{version}</version><authors>tests</authors><description>Made by a test.</description>
                <dependencies>
                <group targetFramework=".NETStandard2.0">{groups}</group>
                <group targetFramework="net10.0">{groups}</group>
                </dependencies>
                </metadata></package>
                """));
            foreach (var (path, content) in files)
                Add(archive, path, content);
        }

        private static void Add(ZipArchive archive, string path, byte[] content)
        {
            using var stream = archive.CreateEntry(path).Open();
            stream.Write(content);
        }
    }
}
