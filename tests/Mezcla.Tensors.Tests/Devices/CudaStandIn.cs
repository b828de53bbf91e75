using System.Runtime.InteropServices;
using System.Text;
using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Devices.Gpu.Cuda;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>
/// A library in place of NVIDIA's driver and compiler (cuda_standin.cpp), in which the kernels run on the processor. With it the whole way from an operation to its kernel in CUDA C is
/// tested on every machine, but for NVIDIA's own part of it.
/// </summary>
internal sealed unsafe class CudaStandIn
{
    private static readonly Lazy<string> s_built = new(Build);
    private static readonly Lazy<Device> s_device = new(() => Open(products: false)), s_withProducts = new(() => Open(products: true));

    private readonly nint library;

    /// <summary>One whose settings are its own.</summary>
    internal CudaStandIn()
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(s_built.Value)!, $"{Guid.NewGuid():N}.so");
        File.Copy(s_built.Value, Path);
        library = NativeLibrary.Load(Path);
    }

    internal string Path { get; }

    /// <summary>For tests of operations.</summary>
    internal static Device Device => s_device.Value;

    /// <summary>The same with cuBLASLt.</summary>
    internal static Device DeviceWithProducts => s_withProducts.Value;

    internal string Options => CudaApi.Text(((delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "standin_options"))());

    internal Nvrtc Compiler => new(library, Path);

    internal CudaStandIn With(string name, long value)
    {
        fixed (byte* text = Encoding.ASCII.GetBytes(name + "\0"))
            ((delegate* unmanaged<byte*, long, void>)NativeLibrary.GetExport(library, "standin_set"))(text, value);
        return this;
    }

    internal CudaInstallation Installation(params string[] compilers) => new([Path], compilers.Length > 0 ? compilers : [Path], []);

    internal CudaInstallation WithProducts => new([Path], [Path], [Path]);

    /// <summary>How often cuBLASLt <c>chosen</c> an algorithm or <c>multiplied</c>.</summary>
    internal long Count(string what)
    {
        fixed (byte* text = Encoding.ASCII.GetBytes(what + "\0"))
            return ((delegate* unmanaged<byte*, long>)NativeLibrary.GetExport(library, "standin_count"))(text);
    }

    /// <summary>One of a test's own, for what is counted or goes wrong there.</summary>
    internal static Device Another() => Open(products: false);

    private static Device Open(bool products)
    {
        var standIn = new CudaStandIn();
        return new(new GpuKernels((products ? standIn.WithProducts : standIn.Installation()).Open(0)));
    }

    private static string Build()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The stand-in for CUDA is for Linux.");
        string clang = CudaSource.Clang(), folder = CudaSource.Folder("cuda_standin.cpp", "warp_standin.h", "cublaslt_standin.h");
        File.WriteAllText(System.IO.Path.Combine(folder, "kernels.cu"), CudaSource.Text);
        File.WriteAllLines(System.IO.Path.Combine(folder, "entries.h"), CudaSource.Kernels.Select(name => $"ENTRY({name})"));
        string? failure = CudaSource.Failure(folder, clang, "-x", "c++", "-std=c++17", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-U_FORTIFY_SOURCE", "-o", "standin.so", "cuda_standin.cpp", "-lstdc++", "-lm");
        Assert.SkipWhen(failure?.Contains("file not found", StringComparison.Ordinal) == true, $"{clang} finds no headers of C++; on Debian: apt-get install libstdc++-12-dev.");
        Assert.True(failure is null, failure);
        return System.IO.Path.Combine(folder, "standin.so");
    }
}
