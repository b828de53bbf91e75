using Mezcla.Tensors.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>What an OpenCL device says of what it cannot do.</summary>
public sealed class OpenClKernelsTests
{
    [Fact]
    public void A_kernel_that_a_device_lacks_is_refused_by_name()
    {
        Assert.Contains("clCreateKernel(no_such_kernel) failed",
            Assert.Throws<DeviceException>(() => OpenCl().Driver.Kernel("no_such_kernel")).Message);
    }

    [Fact]
    public void Kernels_that_do_not_compile_show_what_OpenCL_says()
    {
        var driver = OpenCl().Driver;
        var refused = Assert.Throws<DeviceException>(() => driver.Compile("__kernel void k() { this is no kernel }")).Message;
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

    private static OpenClKernels OpenCl()
    {
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        return new OpenClKernels(new OpenClDriver(0));
    }
}
