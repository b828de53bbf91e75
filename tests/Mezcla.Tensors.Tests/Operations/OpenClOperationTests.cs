using FsCheck.Xunit;
using Mezcla.Tensors.Devices.Gpu.OpenCl;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

/// <summary>On the first device with an OpenCL driver; fewer random cases, since every kernel is launched for every one.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 4, QuietOnSuccess = true)]
public sealed class OpenClOperationTests : OperationTests
{
    protected override Device Device
    {
        get
        {
            Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
            return Device.OpenCl(0);
        }
    }
}
