using System.Reflection;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Devices.Gpu.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>A GPU does everything itself or says what it cannot.</summary>
public sealed class GpuKernelsTests
{
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    // There is nothing to inherit that could compute elsewhere.
    [Fact]
    public void Every_operation_has_a_kernel_of_its_own()
    {
        var asked = typeof(DeviceKernels).GetMethods(Members).Where(method => method.IsVirtual).Select(method => method.ToString()).ToArray();
        Assert.InRange(asked.Length, 40, int.MaxValue);
        Assert.Empty(asked.Except(typeof(GpuKernels).GetMethods(Members).Where(method => method.IsVirtual).Select(method => method.ToString())));
    }

    [Fact]
    public void A_kernel_that_a_device_lacks_is_refused_by_name()
    {
        Assert.Contains("clCreateKernel(no_such_kernel) failed", Assert.Throws<DeviceException>(() => OpenCl().Driver.Kernel("no_such_kernel")).Message);
        Assert.Contains("cuModuleGetFunction(no_such_kernel) failed with CUDA_ERROR_OF_STAND_IN (500", Assert.Throws<DeviceException>(() => ((GpuKernels)CudaStandIn.Device.Kernels).Driver.Kernel("no_such_kernel")).Message);
    }

    [Fact]
    public void Kernels_that_do_not_compile_show_what_OpenCL_says()
    {
        var driver = OpenCl().Driver;
        string refused = Assert.Throws<DeviceException>(() => driver.Compile("__kernel void k() { this is no kernel }")).Message;
        Assert.StartsWith($"opencl:0 ({driver.Description.Hardware}; {driver.Description.Driver}) does not compile the kernels", refused);
        Assert.Contains("MEZCLA_DEVICE", refused);
    }

    [Fact]
    public void More_memory_than_there_is_is_refused_with_its_size_whoever_refuses_it()
    {
        var device = new Device(OpenCl());
        Tensor column = Tensor.Zeros(1 << 20, 1).To(device), row = Tensor.Zeros(1, 1 << 20).To(device);
        Assert.Contains("needs 4398.0 GB on opencl:0", Assert.Throws<TensorMemoryException>(() => column + row).Message);
        // Here the driver.
        device.MemoryLimit = long.MaxValue / 4;
        Assert.Contains("needs 4398.0 GB on opencl:0", Assert.Throws<TensorMemoryException>(() => column + row).Message);
        Assert.Equal(0, column.Sum().Item());
    }

    private static GpuKernels OpenCl()
    {
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        return new GpuKernels(new OpenClDriver(0));
    }
}
