using Mezcla.Tensors.Devices.Gpu.Cuda;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>The order in which CUDA's libraries are looked for, in folders made for it.</summary>
public sealed class CudaPlacesTests : IDisposable
{
    private const string Name = "libnvrtc.so.12";

    private readonly string root = Directory.CreateTempSubdirectory("mezcla-places").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void The_loader_comes_first_then_toolkits_then_Python()
    {
        string own = Put("opt/own/lib64"), current = Put("usr/local/cuda/lib64"), old = Put("usr/local/cuda-12.9/lib64"), recent = Put("usr/local/cuda-12.10/lib64"),
            active = Put("venv/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib"), conda = Put("conda/lib"), path = Put("usr/lib/python3/dist-packages/nvidia/cuda_nvrtc/lib"),
            local = Put("usr/local/lib/python3.11/dist-packages/nvidia/cu13/lib"), home = Put("home/.local/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib");
        Touch("usr/bin/python3");
        Assert.Equal([Name, own, current, recent, old, active, conda, path, local, home], Search(new()
        {
            ["CUDA_PATH"] = In("opt/own"),
            ["CUDA_HOME"] = In("opt/own"),
            ["VIRTUAL_ENV"] = In("venv"),
            ["CONDA_PREFIX"] = In("conda"),
            ["PATH"] = $"{In("nowhere")}::{In("usr/bin")}",
            ["HOME"] = In("home"),
        }));
    }

    [Fact]
    public void Without_variables_the_usual_places_are_searched() => Assert.Equal([Name, Put("usr/local/cuda-11.8/lib64")], Search([]));

    [Fact]
    public void In_one_folder_the_newest_comes_first()
    {
        string older = Put("usr/local/cuda/lib64"), newer = Touch("usr/local/cuda/lib64/libnvrtc.so.13");
        Assert.Equal(["libnvrtc.so.13", Name, newer, older], new CudaPlaces(false, root, _ => null).Files("libnvrtc.so.13", Name));
    }

    [Fact]
    public void An_environments_python_is_not_followed_to_where_it_links()
    {
        Touch("usr/bin/python3");
        Directory.CreateDirectory(In("venv/bin"));
        File.CreateSymbolicLink(In("venv/bin/python3"), In("usr/bin/python3"));
        Assert.Equal([Name, Put("venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib")], Search(new() { ["PATH"] = In("venv/bin") }));
    }

    [Fact]
    public void On_Windows_toolkits_and_wheels_lie_elsewhere()
    {
        const string dll = "nvrtc64_120_0.dll";
        string toolkit = Touch($"toolkit/bin/{dll}"), wheel = Touch($"python/Lib/site-packages/nvidia/cuda_nvrtc/bin/{dll}");
        Touch("python/python.exe");
        var variables = new Dictionary<string, string> { ["CUDA_PATH"] = In("toolkit"), ["PATH"] = In("python") };
        Assert.Equal([dll, toolkit, wheel], new CudaPlaces(true, root, variables.GetValueOrDefault).Files(dll));
    }

    [Fact]
    public void What_a_library_needs_beside_it_is_loaded_with_it()
    {
        string nvrtc = Put("wheel/lib"), builtins = Touch("wheel/lib/libnvrtc-builtins.so.12.4"), products = Touch("wheel/lib/libcublasLt.so.12");
        Assert.Equal([builtins], CudaPlaces.Companions(nvrtc));
        Assert.Empty(CudaPlaces.Companions(products));
        Assert.Empty(CudaPlaces.Companions(Name));
        Assert.Empty(CudaPlaces.Companions(In("nowhere/libcublasLt.so.12")));
    }

    private string[] Search(Dictionary<string, string> variables) => [.. new CudaPlaces(false, root, variables.GetValueOrDefault).Files(Name)];

    private string In(string path) => Path.Combine(root, path);

    private string Put(string folder) => Touch($"{folder}/{Name}");

    private string Touch(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(file))!);
        File.WriteAllText(In(file), "");
        return In(file);
    }
}
