using System.Xml.Linq;
using Mezcla.Tests;

namespace Mezcla.Tensors.Torch.Tests.Library;

/// <summary>Finding libtorch in folders as users have them, and repairing its binding.</summary>
public sealed class TorchLibraryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-libtorch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("linux-x64", false, "libtorch_cpu.so", "libLibTorchSharp.so")]
    [InlineData("linux-x64", true, "libtorch_cuda.so", "libLibTorchSharp.so")]
    [InlineData("osx-arm64", false, "libtorch_cpu.dylib", "libLibTorchSharp.dylib")]
    [InlineData("win-x64", true, "torch_cuda.dll", "LibTorchSharp.dll")]
    public void It_is_found_as_a_package_and_in_the_folder_of_its_own_which_comes_first(
        string platform, bool cuda, string library, string binding)
    {
        var places = Places(platform);
        Assert.Equal(binding, places.BindingFile);
        Assert.Contains(library, places.Files(cuda));
        Assert.False(TorchLibrary.Find(places, cuda).IsComplete);

        var package = Fill(Path.Combine(places.Packages, places.Package(cuda), TorchPlaces.Version, "runtimes", platform, "native"),
            places.Files(cuda));
        Assert.False(TorchLibrary.Find(places, cuda).IsComplete);
        Assert.Contains($"{binding} of TorchSharp {TorchPlaces.BindingVersion} is not here", TorchLibrary.Find(places, cuda).Report);
        var native = Path.Combine(places.Packages, "torchsharp", TorchPlaces.BindingVersion, "runtimes", platform, "native");
        Fill(native, [binding]);
        var found = TorchLibrary.Find(places, cuda);
        Assert.True(found.IsComplete, found.Report);
        Assert.Equal((package, Path.Combine(native, binding)), (found.Folder, found.Binding));
        Assert.Contains(package, found.Report);

        var own = Path.Combine(places.Own, TorchPlaces.Version, cuda ? $"cuda-{TorchPlaces.CudaVersion}" : "cpu");
        Fill(own, places.Files(cuda));
        Assert.Equal(own, TorchLibrary.Find(places, cuda).Folder);
        Assert.False(TorchLibrary.Find(places, !cuda).IsComplete);
    }

    [Fact]
    public void A_folder_that_lacks_one_file_is_passed_by()
    {
        var places = Places("linux-x64");
        Fill(places.Application, places.Files(cuda: false)[1..]);
        var missing = TorchLibrary.Find(places, cuda: false);
        Assert.Null(missing.Folder);
        Assert.Contains("libtorch-cpu-linux-x64", missing.Report);
        Assert.Contains("Type: mezcla doctor --install torch (130 MB to download, 600 MB on the disk).", missing.Report);
    }

    [Fact]
    public void The_versions_are_those_that_the_build_restores()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Directory.Packages.props")))
            root = root.Parent!;
        var versions = XDocument.Load(Path.Combine(root.FullName, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);
        Assert.Equal(TorchPlaces.BindingVersion, versions["TorchSharp"]);
        foreach (var platform in (string[])["linux-x64", "osx-arm64", "win-arm64", "win-x64"])
            Assert.Equal(TorchPlaces.Version, versions[Places(platform).Package(cuda: false)]);
    }

    // NVIDIA's build lies in several packages, some of its files with a sum to check them by.
    [Fact]
    public void Restored_files_of_several_packages_become_one_library()
    {
        var places = Places("linux-x64");
        var installation = new TorchInstallation(places, cuda: true);
        Assert.Equal("libtorch-cuda-12.8-linux-x64", installation.Package);
        var files = places.Files(cuda: true);
        var first = Fill(Path.Combine(_folder, "part1"), files[..2]);
        var second = Fill(Path.Combine(_folder, "part2"), [.. files[2..], files[^1] + ".sha"]);
        var restored = Directory.GetFiles(first).Concat(Directory.GetFiles(second)).ToArray();
        Assert.False(installation.Complete(restored[..^2]).IsComplete);

        var folder = installation.Complete(restored).Folder;
        Assert.Equal(places.OwnFolder(cuda: true), folder);
        Assert.Equal(files.Order(), Directory.GetFiles(folder!).Select(Path.GetFileName).Order());

        // Without the packages the links lead nowhere, and it is missing again.
        Directory.Delete(second, recursive: true);
        Assert.SkipUnless(new FileInfo(Path.Combine(folder!, files[^1])).LinkTarget is not null, "This system copies.");
        Assert.Null(TorchLibrary.Find(places, cuda: true).Folder);
    }

    [Fact]
    public void What_is_found_already_is_left_where_it_is()
    {
        var places = Places("osx-arm64");
        Fill(places.Application, places.Files(cuda: false));
        Assert.Equal(places.Application, new TorchInstallation(places, cuda: false).Complete([]).Folder);
        Assert.False(Directory.Exists(places.Own));
    }

    [Theory]
    [InlineData("linux-arm64", false, "no build of libtorch for linux-arm64")]
    [InlineData("osx-arm64", true, "no build of libtorch for CUDA for osx-arm64")]
    public void Machines_that_there_is_no_build_for_are_told(string platform, bool cuda, string expected)
        => Assert.Contains(expected, Assert.Throws<DeviceException>(() => new TorchInstallation(Places(platform), cuda)).Message);

    [Theory]
    [InlineData("#!/bin/sh")]
    [InlineData("\u007FELF\u0002\u0001")]
    public void What_is_no_library_is_not_repaired(string text)
        => Assert.Throws<InvalidDataException>(() => OldLibstdcxx.Repaired([.. text.Select(c => (byte)c), .. new byte[64]]));

    [Fact]
    public void The_repaired_copy_asks_for_no_new_libstdcxx_and_a_second_repair_changes_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has the old library.");
        TorchDevice.Require();
        var file = File.ReadAllBytes(TorchLibrary.Find(cuda: false).Binding!);
        var copy = OldLibstdcxx.Repaired(file)!;
        Assert.Equal(file.Length, copy.Length);
        // The names for debuggers may hold it once more.
        Assert.Equal(Mentions(file) - 1, Mentions(copy));
        Assert.Equal(copy, OldLibstdcxx.Repaired(copy));
        Assert.InRange(file.Zip(copy).Count(pair => pair.First != pair.Second), 3, 40);
    }

    private static int Mentions(byte[] file)
        => System.Text.Encoding.Latin1.GetString(file).Split("_ZSt21ios_base_library_initv").Length - 1;

    private static string Fill(string folder, string[] files)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in files)
            File.WriteAllText(Path.Combine(folder, file), "");
        return folder;
    }

    private TorchPlaces Places(string platform)
        => new(Path.Combine(_folder, "program"), Path.Combine(_folder, "packages"), Path.Combine(_folder, "own"), platform);
}
