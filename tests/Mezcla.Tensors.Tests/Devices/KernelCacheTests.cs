using Mezcla.Tensors.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>Compiled programs kept on disk.</summary>
public sealed class KernelCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-kernels").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_program_is_kept_by_source_and_device()
    {
        KernelSource.Keep("source", "device", [1, 2, 3], _folder);
        Assert.Equal([1, 2, 3], KernelSource.Cached("source", "device", _folder)!);
        Assert.Null(KernelSource.Cached("another", "device", _folder));
        Assert.Null(KernelSource.Cached("source", "another", _folder));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_damaged_or_shortened_file_counts_as_none_and_is_made_anew()
    {
        KernelSource.Keep("source", "device", [1, 2, 3], _folder);
        var file = KernelSource.PathFor("source", "device", _folder);
        var kept = File.ReadAllBytes(file);
        foreach (var damaged in (byte[][])[[.. kept[..^1], 4], kept[..^1], kept[..5], []])
        {
            File.WriteAllBytes(file, damaged);
            Assert.Null(KernelSource.Cached("source", "device", _folder));
        }
        KernelSource.Keep("source", "device", [5], _folder);
        Assert.Equal([5], KernelSource.Cached("source", "device", _folder)!);
    }

    // A file stands where the folder should: true for whoever runs the tests, unlike a permission.
    [Fact]
    public void Where_nothing_can_be_written_nothing_breaks()
    {
        var blocked = Path.Combine(_folder, "file");
        File.WriteAllText(blocked, "");
        KernelSource.Keep("source", "device", [1], Path.Combine(blocked, "kernels"));
        Assert.Null(KernelSource.Cached("source", "device", Path.Combine(blocked, "kernels")));
    }
}
