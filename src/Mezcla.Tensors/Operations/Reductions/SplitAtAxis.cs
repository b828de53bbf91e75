namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The sizes of a tensor seen as [outer, n, inner] around an axis, where n covers everything if the axis
    /// is null; and the shape without that axis.
    /// </summary>
    private static (long Outer, long N, long Inner, Shape Without) SplitAtAxis(string name, Tensor x, int? axis, bool keepDims)
    {
        ref readonly var shape = ref x.Sizes;
        if (axis is not { } chosen)
        {
            Span<int> ones = stackalloc int[keepDims ? shape.Rank : 0];
            ones.Fill(1);
            return (1, shape.Count, 1, new Shape(ones));
        }
        var at = x.Axis(name, chosen);
        return (shape.Product(0, at), shape[at], shape.Product(at + 1, shape.Rank), keepDims ? shape.With(at, 1) : shape.Without(at));
    }
}
