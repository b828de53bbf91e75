using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Operations;
using Mezcla.Tensors.Tests.Reference;
using Mezcla.Tests;

namespace Mezcla.Tensors.Torch.Tests;

/// <summary>Every operation on libtorch's processor.</summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 15, QuietOnSuccess = true)]
public sealed class TorchOperationTests : OperationTests
{
    // Here, since a property that is left in its midst counts as failed.
    public TorchOperationTests() => TorchDevice.Require();

    protected override Device Device => TorchDevice.Tested;
}
