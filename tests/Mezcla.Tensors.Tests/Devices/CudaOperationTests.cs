using FsCheck.Xunit;
using Mezcla.Tensors.Devices.Gpu.Cuda;
using Mezcla.Tensors.Tests.Operations;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>On the first NVIDIA GPU.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 25, QuietOnSuccess = true)]
public sealed class CudaOperationTests : OperationTests
{
    // Here, since a property that is left in its midst counts as failed.
    public CudaOperationTests() => Assert.SkipWhen(CudaInstallation.Here.Devices.Count == 0, $"No CUDA device: {Device.CudaReport}.");

    protected override Device Device => Device.Cuda(0);
}

/// <summary>The kernels in their CUDA dialect, launched by the CUDA driver's side, in a stand-in for NVIDIA's libraries.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 4, QuietOnSuccess = true)]
public sealed class CudaStandInOperationTests : OperationTests
{
    private readonly Device device = CudaStandIn.Device;

    protected override Device Device => device;
}

/// <summary>The same with the calls of cuBLASLt, whose products the stand-in makes as BLAS defines them.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 8, QuietOnSuccess = true)]
public sealed class CudaStandInProductTests : OperationTests
{
    private readonly Device device = CudaStandIn.DeviceWithProducts;

    protected override Device Device => device;
}
