using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Devices.Gpu.Cuda;
using Mezcla.Tensors.Devices.Gpu.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>On the first NVIDIA GPU.</summary>
public sealed class CudaTensorCoreTests : TensorCoreTests
{
    private static readonly Lazy<Device> s_library = new(() => Open(CudaInstallation.Here)),
        s_own = new(() => Open(new CudaInstallation(CudaInstallation.DriverNames, CudaPlaces.Here.Files(Nvrtc.Names), [])));

    public CudaTensorCoreTests() => Assert.SkipWhen(CudaInstallation.Here.Devices.Count == 0, $"No CUDA device: {Device.CudaReport}.");

    protected override Device Named(string name) => (name == "library" ? s_library : s_own).Value;

    private static Device Open(CudaInstallation installation)
    {
        var driver = installation.Open(0);
        Assert.SkipWhen(driver.NoTensorCores is not null, $"No tensor cores: {driver.NoTensorCores}.");
        return new Device(new GpuKernels(driver)) { ProductPrecision = ProductPrecision.BFloat16 };
    }
}

/// <summary>In the stand-in, whose warp-wide products follow the manual of PTX.</summary>
public sealed class StandInTensorCoreTests : TensorCoreTests
{
    private static readonly Lazy<Device> s_library = new(() => Open(new CudaStandIn().WithProducts)), s_own = new(() => Open(new CudaStandIn().Installation())),
        s_refusing = new(() => Open(new CudaStandIn().With("lt_refuses", 1).WithProducts));

    protected override Device Named(string name) => (name switch { "library" => s_library, "own" => s_own, _ => s_refusing }).Value;

    private static Device Open(CudaInstallation installation) => new(new GpuKernels(installation.Open(0))) { ProductPrecision = ProductPrecision.BFloat16 };

    [Fact]
    public void An_algorithm_is_chosen_once_for_a_shape()
    {
        using var scope = new TensorScope();
        var standIn = new CudaStandIn();
        var device = Open(standIn.WithProducts);
        Tensor x = Random(1, 4, 8).To(device), w = Random(2, 8, 8).To(device);
        for (int i = 0; i < 5; i++)
            x.Linear(w).ToArray();
        Assert.Equal((1, 5), (standIn.Count("chosen"), standIn.Count("multiplied")));
        device.ProductPrecision = ProductPrecision.Float32;
        x.Linear(w).ToArray();
        Assert.Equal((2, 6), (standIn.Count("chosen"), standIn.Count("multiplied")));
    }

    [Fact]
    public void Devices_without_them_say_so()
    {
        Assert.Contains("cpu multiplies in float32 only", Refused(Device.Cpu));
        Assert.Contains("is older than compute capability 8.0", Refused(new Device(new GpuKernels(new CudaStandIn().With("capability", 75).Installation().Open(0)))));
        if (OpenClDevices.All.Count > 0)
            Assert.Contains("opencl:0 has no products of bfloat16", Refused(Device.OpenCl()));
        Assert.Equal(ProductPrecision.Float32, Device.Cpu.ProductPrecision);

        static string Refused(Device device) => Assert.Throws<DeviceException>(() => device.ProductPrecision = ProductPrecision.BFloat16).Message;
    }
}
