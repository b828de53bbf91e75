namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>Without one axis of size 1, or, where none is given, without all of them: a view.</summary>
    /// <exception cref="ArgumentException">The axis has another size.</exception>
    public static Tensor Squeeze(this Tensor x, int? axis = null)
    {
        var shape = x.Require("Squeeze").Sizes;
        if (axis is { } chosen)
        {
            int at = x.Axis("Squeeze", chosen);
            if (shape[at] != 1)
                throw new ArgumentException($"Squeeze: axis {chosen} of {shape} has size {shape[at]}, not 1.");
            return Alias("Squeeze", x, shape.Without(at));
        }
        for (int i = shape.Rank - 1; i >= 0; i--)
            if (shape[i] == 1)
                shape = shape.Without(i);
        return Alias("Squeeze", x, shape);
    }
}
