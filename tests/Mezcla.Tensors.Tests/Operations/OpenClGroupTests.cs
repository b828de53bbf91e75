using FsCheck.Xunit;
using Mezcla.Tensors.OpenCl;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

/// <summary>The kernels as graphics cards run them, in groups of 256 work items
/// with barriers, on whatever OpenCL device there is.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 2, QuietOnSuccess = true)]
public sealed class OpenClGroupTests : OperationTests
{
    private static readonly Lazy<Device> LazyDevice = new(() => new Device(new OpenClKernels(new OpenClDriver(0, groupSize: 256))));

    // Here, since a property that is left in its midst counts as failed.
    public OpenClGroupTests() =>
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");

    protected override Device Device => LazyDevice.Value;
}
