using FsCheck.Xunit;
using Mezcla.Tensors.OpenCl;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

/// <summary>On the first device with an OpenCL driver; fewer random cases, since every kernel is launched for every one.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 4, QuietOnSuccess = true)]
public sealed class OpenClOperationTests : OperationTests
{
    // Here, since a property that is left in its midst counts as failed.
    public OpenClOperationTests() =>
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");

    protected override Device Device => Device.OpenCl(0);
}
