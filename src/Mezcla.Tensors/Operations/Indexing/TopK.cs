namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The k largest along the last axis, the largest first, the earlier of equals first, and where they were (Int32): shape [..., k]. The gradient goes back there.</summary>
    /// <exception cref="ArgumentException">The last axis has fewer than k positions.</exception>
    public static (Tensor Values, Tensor Indices) TopK(this Tensor x, int k)
    {
        if (k < 0 || k > x.Require("TopK").Size(-1))
            throw new ArgumentException($"TopK: the last axis of {x.Sizes} has no {k} elements to choose.");
        return Sort("TopK", x, k, descending: true);
    }
}
