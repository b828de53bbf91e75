namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The same numbers, row by row, in another shape: a view. One size may be -1: it follows from the others.</summary>
    /// <exception cref="ArgumentException">The number of elements differs, or cannot be made to agree.</exception>
    public static Tensor Reshape(this Tensor x, params ReadOnlySpan<int> shape)
    {
        x.Require("Reshape");
        Span<int> sizes = stackalloc int[shape.Length];
        shape.CopyTo(sizes);
        int open = sizes.IndexOf(-1);
        if (open >= 0)
        {
            sizes[open] = 1;
            long others = sizes.Contains(-1) ? 0 : new Shape(sizes).Count;
            if (others == 0 || x.Count % others != 0)
                throw new ArgumentException($"Reshape: {x.Sizes} to {Shape.Text(shape)}: no size in place of -1 makes {x.Count} elements.");
            sizes[open] = checked((int)(x.Count / others));
        }
        var wanted = new Shape(sizes);
        if (wanted.Count != x.Count)
            throw new ArgumentException($"Reshape: {x.Sizes} has {x.Count} elements, {wanted} has {wanted.Count}.");
        return Alias("Reshape", x, wanted);
    }

    /// <summary>A new axis of size 1 before <paramref name="axis"/> (-1: at the end): a view.</summary>
    /// <exception cref="ArgumentException">There is no such place.</exception>
    public static Tensor Unsqueeze(this Tensor x, int axis)
    {
        x.Require("Unsqueeze");
        int at = axis < 0 ? axis + x.Rank + 1 : axis;
        if (at < 0 || at > x.Rank)
            throw new ArgumentException($"Unsqueeze: {x.Sizes} has no place {axis} for another axis.");
        return Alias("Unsqueeze", x, x.Sizes.Insert(at, 1));
    }

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

    private static Tensor Alias(string name, Tensor x, in Shape shape)
    {
        var y = x.Require(name).View(shape, 0);
        return Tape.Records(x) ? y.RecordedAs(new AliasNode(name, y, x)) : y;
    }
}
