using FsCheck.Xunit;
using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Devices.Gpu.OpenCl;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

/// <summary>On the first device with an OpenCL driver; fewer random cases, since every kernel is launched for every one.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 4, QuietOnSuccess = true)]
public sealed class OpenClOperationTests : OperationTests
{
    protected override Device Device => OpenClDevice.First;
}

/// <summary>The same with groups of many work items and barriers, as on a GPU, also where the first device is a processor.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 2, QuietOnSuccess = true)]
public sealed class OpenClGroupOperationTests : OperationTests
{
    private static readonly Lazy<Device> Grouped = new(() => new Device(new GpuKernels(new OpenClDriver(0, groupSize: 256))));

    protected override Device Device
    {
        get
        {
            OpenClDevice.SkipWithout();
            return Grouped.Value;
        }
    }
}

internal static class OpenClDevice
{
    internal static Device First
    {
        get
        {
            SkipWithout();
            return Device.OpenCl(0);
        }
    }

    internal static void SkipWithout()
        => Assert.SkipWhen(Device.Described.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
}
