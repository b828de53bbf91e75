using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Mezcla.Tensors.Devices.Gpu.Cuda;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>The kernels compile as CUDA C. None of this needs a GPU.</summary>
public sealed class CudaSourceTests
{
    [Theory]
    [InlineData(0, "sm_70")]
    [InlineData(1, "sm_80")]
    public void Clang_compiles_every_kernel_for_NVIDIA(int program, string architecture)
    {
        string clang = CudaSource.Clang(), folder = CudaSource.Folder("cuda_shim.h"), source = CudaSource.Programs[program];
        File.WriteAllText(Path.Combine(folder, "kernels.cu"), source);
        string? failure = CudaSource.Failure(folder, clang, "-x", "cuda", "--cuda-device-only", $"--cuda-gpu-arch={architecture}", "-nocudainc", "-nocudalib", "-Wno-unknown-cuda-version",
            "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-O1", "-S", "-include", "cuda_shim.h", "-o", "kernels.ptx", "kernels.cu");
        Assert.SkipWhen(failure?.Contains("No available targets are compatible", StringComparison.Ordinal) == true, $"This {clang} has no NVPTX.");
        Assert.True(failure is null, failure);
        Entries(source, File.ReadAllText(Path.Combine(folder, "kernels.ptx")));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(0, "compute_70")]
    [InlineData(0, "sm_80")]
    [InlineData(1, "sm_80")]
    [InlineData(1, "sm_90")]
    public void Nvrtc_compiles_every_kernel(int program, string target)
    {
        Nvrtc? found = null;
        foreach (string file in CudaPlaces.Here.Files(Nvrtc.Names))
        {
            foreach (string needed in CudaPlaces.Companions(file))
                NativeLibrary.TryLoad(needed, out _);
            if (found is null && NativeLibrary.TryLoad(file, out nint library))
                found = new Nvrtc(library, file);
        }
        Assert.SkipWhen(found is null, "NVRTC was not found; with Python: pip install nvidia-cuda-nvrtc-cu12.");
        Assert.SkipUnless(found!.Architectures.Contains(int.Parse(target[^2..])), $"NVRTC {found.Version} does not compile for {target}.");
        byte[] compiled = found.Compile(CudaSource.Programs[program], target);
        // What is for a card itself is machine code, through the assembler, which alone reads the PTX that is written out in mma.cl.
        if (target.StartsWith("compute", StringComparison.Ordinal))
            Entries(CudaSource.Programs[program], System.Text.Encoding.UTF8.GetString(compiled));
        Assert.NotEmpty(compiled);
    }

    // CUDA C declares these with C linkage; a kernel of the same name does not compile, which clang would not say.
    [Fact]
    public void No_kernel_has_the_name_of_a_function_of_CUDA()
    {
        string[] taken = ["norm", "rnorm", "norm3d", "norm4d", "normf", "min", "max", "abs", "exp", "log", "pow", "sqrt", "rsqrt", "floor", "ceil", "round", "trunc", "fma", "hypot", "select",
            "clock", "memcpy", "memset", "malloc", "free", "printf", "saturate", "normcdf", "erf", "tanh", "sin", "cos", "scalbn", "ldexp", "modf", "frexp", "cbrt", "remainder"];
        Assert.NotEmpty(CudaSource.Kernels);
        Assert.Empty(CudaSource.Kernels.Intersect(taken));
    }

    [Theory]
    [InlineData(90, "sm_90")]
    [InlineData(86, "compute_80")]
    [InlineData(120, "compute_90")]
    [InlineData(50, "sm_50")]
    [InlineData(35, null)]
    public void Code_is_asked_for_that_the_card_runs(int capability, string? target) => Assert.Equal(target, Nvrtc.Target(capability, [50, 80, 90]));

    private static void Entries(string program, string assembly)
    {
        var entries = Regex.Matches(assembly, @"\.entry (\w+)").Select(match => match.Groups[1].Value).Order();
        Assert.Equal(CudaSource.Names(program).Order(), entries);
    }
}
