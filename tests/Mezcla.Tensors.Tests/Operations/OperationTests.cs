using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

/// <summary>
/// Every operation, its values and derivatives, against plain references in float64. Written once: a class for each device says on
/// which to run.
/// </summary>
[Properties(Arbitrary = [typeof(Shapes)], MaxTest = 25, QuietOnSuccess = true)]
public abstract partial class OperationTests
{
    /// <summary>The device to test.</summary>
    protected abstract Device Device { get; }

    private GradientCheck Check(Shaped shaped) => new(Device, shaped.Seed);

    private Tensor Ids(int[] values, params int[] shape) => Tensor.From(values, shape).To(Device);

    /// <summary>The shape with at least so many axes, all of at least one element where asked.</summary>
    private static int[] AtLeast(Shaped shaped, int rank, bool filled = false)
    {
        int[] sizes = [.. Enumerable.Repeat(2 + shaped.Pick(3), Math.Max(0, rank - shaped.Rank)), .. shaped.Sizes];
        return filled ? [.. sizes.Select(size => Math.Max(size, 1))] : sizes;
    }
}
