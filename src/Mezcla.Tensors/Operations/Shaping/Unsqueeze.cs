namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>A view with a new axis of size 1 before <paramref name="axis"/>; -1 adds it at the end.</summary>
    /// <exception cref="ArgumentException">There is no such position for an axis.</exception>
    public static Tensor Unsqueeze(this Tensor x, int axis)
    {
        x.Require("Unsqueeze");
        var at = axis < 0 ? axis + x.Rank + 1 : axis;
        if (at < 0 || at > x.Rank)
            throw new ArgumentException($"Unsqueeze: {x.Sizes} has no place {axis} for another axis.");
        return Alias("Unsqueeze", x, x.Sizes.Insert(at, 1));
    }
}
