using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Devices.Gpu.Cuda;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>What CUDA lacks is said with its library, its version and what to do; what is there, is described.</summary>
public sealed class CudaInstallationTests
{
    [Fact]
    public void Without_a_driver_it_says_so_and_nothing_breaks()
    {
        var none = new CudaInstallation(["libno-such-driver.so.1"], [], []);
        Assert.Empty(none.Devices);
        Assert.Equal("no NVIDIA driver (libno-such-driver.so.1) was found", none.Report);
        Assert.Equal("cuda:0: no NVIDIA driver (libno-such-driver.so.1) was found. Install it (nvidia.com/drivers), or choose another device; mezcla doctor lists them.", Refused(none));
    }

    [Fact]
    public void A_library_that_is_no_driver_is_named()
        => Assert.Contains("the NVIDIA driver (libc.so.6) is too old", new CudaInstallation([OperatingSystem.IsLinux() ? "libc.so.6" : Skip()], [], []).Report);

    [Fact]
    public void A_driver_that_is_too_old_is_named_with_its_version()
        => Assert.Contains("is for CUDA 11.4, and Mezcla needs one for CUDA 11.8 or later: update it", Refused(new CudaStandIn().With("version", 11040).Installation()));

    [Fact]
    public void A_driver_without_a_GPU_says_what_may_hide_it()
    {
        Assert.Contains("sees no GPU; nvidia-smi", new CudaStandIn().With("devices", 0).Installation().Report);
        Assert.Contains("sees no GPU; nvidia-smi", new CudaStandIn().With("init_error", CudaApi.NoDevice).Installation().Report);
    }

    [Fact]
    public void A_driver_that_does_not_start_says_why()
        => Assert.Contains("does not start: CUDA_ERROR_OF_STAND_IN (803: what the stand-in says)", new CudaStandIn().With("init_error", 803).Installation().Report);

    [Fact]
    public void Devices_are_described_and_a_number_too_high_lists_them()
    {
        var two = new CudaStandIn().With("devices", 2).Installation();
        Assert.Equal(new DeviceDescription("cuda:1", "Stand-in 1, compute capability 9.0", 4L << 30, "driver for CUDA 12.4", false), two.Devices[1]);
        Assert.StartsWith("driver for CUDA 12.4, NVRTC 12.4 (/", two.Report);
        Assert.Equal("cuda:2 does not exist; there are cuda:0 (Stand-in 0, compute capability 9.0); cuda:1 (Stand-in 1, compute capability 9.0).", Refused(two, 2));
    }

    [Fact]
    public void Without_a_compiler_it_says_where_it_looked_and_how_to_get_one()
    {
        var standIn = new CudaStandIn();
        string refused = Refused(standIn.Installation("libno-such-nvrtc.so.12", "/no/such/libnvrtc.so.12"));
        Assert.StartsWith("cuda:0 (Stand-in 0, compute capability 9.0; driver for CUDA 12.4): NVRTC, CUDA's compiler (libnvrtc.so.13, ", refused);
        Assert.Contains("/no/such/libnvrtc.so.12 does not load", refused);
        Assert.EndsWith("or: pip install nvidia-cuda-nvrtc-cu12.", refused);
        Assert.Contains("but NVRTC, CUDA's compiler", standIn.Installation("libno-such-nvrtc.so.12").Report);
    }

    [Fact]
    public void A_compiler_newer_than_the_driver_is_passed_over()
    {
        CudaStandIn driver = new(), newer = new CudaStandIn().With("nvrtc_major", 13);
        Assert.Contains($"{newer.Path} is 13.4, too new for the driver", driver.Installation(newer.Path).Report);
        Assert.Contains($"NVRTC 12.4 ({driver.Path})", driver.Installation(newer.Path, driver.Path).Report);
    }

    [Fact]
    public void Whether_there_is_cuBLASLt_is_said()
    {
        var standIn = new CudaStandIn();
        Assert.EndsWith($", cuBLASLt 12 ({standIn.Path})", standIn.WithProducts.Report);
        Assert.EndsWith(", no cuBLASLt, so that our own slower kernels multiply: pip install nvidia-cublas-cu12", standIn.Installation().Report);
        Assert.Contains("cuBLASLt 12 (", standIn.With("version", 13000).WithProducts.Report);
        Assert.EndsWith($" ({standIn.Path} is 12, too new for the driver): pip install nvidia-cublas-cu11", standIn.With("version", 11080).With("nvrtc_major", 11).WithProducts.Report);
    }

    [Fact]
    public void Kernels_are_compiled_for_the_card_without_fast_mathematics()
    {
        var standIn = new CudaStandIn();
        Assert.StartsWith("STAND-IN cubin", System.Text.Encoding.ASCII.GetString(standIn.Compiler.Compile(CudaSource.Text, "sm_90")));
        Assert.Equal("--gpu-architecture=sm_90 -default-device ", standIn.Options);
        Assert.StartsWith("STAND-IN ptx", System.Text.Encoding.ASCII.GetString(standIn.Compiler.Compile(CudaSource.Text, "compute_80")));
    }

    [Fact]
    public void Kernels_that_do_not_compile_show_what_the_compiler_says()
    {
        string refused = Assert.Throws<DeviceException>(() => new CudaStandIn().With("compile_error", 6).Compiler.Compile(CudaSource.Text, "sm_90")).Message;
        Assert.Matches(@"^NVRTC 12\.4 \(/.*\) does not compile the kernels for sm_90: NVRTC_ERROR_COMPILATION\. Install another version", refused);
        Assert.EndsWith("mezcla.cu(7): error: no ;", refused.TrimEnd());
    }

    [Fact]
    public void A_card_older_than_the_compiler_knows_is_told_so()
        => Assert.Contains("is older than anything NVRTC 12.4", Assert.Throws<DeviceException>(() => new GpuKernels(new CudaStandIn().With("capability", 35).Installation().Open(0))).Message);

    [Fact]
    public void More_than_the_card_has_is_refused_with_sizes_and_the_rest_goes_on()
    {
        var device = new Device(new GpuKernels(new CudaStandIn().With("memory", 64 << 20).Installation().Open(0))) { MemoryLimit = 1L << 40 };
        Assert.Contains("needs 100.0 MB on cuda:0", Assert.Throws<TensorMemoryException>(() => Tensor.Zeros(25_000_000).To(device)).Message);
        using var x = Tensor.Full(3, 1000).To(device);
        Assert.Equal(3000, x.Sum().Item());
    }

    [Fact]
    public void Memory_goes_back_to_the_card_only_when_nothing_that_was_asked_for_uses_it()
    {
        var device = new Device(new GpuKernels(new CudaStandIn().Installation().Open(0)));
        using var x = Tensor.Full(2, 1000).To(device);
        using (new TensorScope())
            x.Exp();
        Assert.NotEqual(0, device.Memory.Cached);
        device.TrimMemory();
        Assert.Equal(0, device.Memory.Cached);
    }

    // More than the memory that uploads pass through holds, from several threads.
    [Fact]
    public void Long_arrays_arrive_whole_from_any_thread()
    {
        var device = CudaStandIn.Device;
        Parallel.For(0, 4, thread =>
        {
            var expected = new float[3_000_001 + thread];
            for (int i = 0; i < expected.Length; i++)
                expected[i] = i % 8191 + thread;
            using var x = Tensor.From(expected, expected.Length).To(device);
            Assert.Equal(expected, x.ToArray());
        });
    }

    private static string Refused(CudaInstallation installation, int index = 0) => Assert.Throws<DeviceException>(() => installation.Open(index)).Message;

    private static string Skip()
    {
        Assert.Skip("For Linux.");
        return "";
    }
}
