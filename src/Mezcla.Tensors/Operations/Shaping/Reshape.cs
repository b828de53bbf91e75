namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The same numbers, row by row, in another shape: a view. One size may be -1: it is computed from the others.</summary>
    /// <exception cref="ArgumentException">The number of elements differs, or no size in place of -1 makes it equal.</exception>
    public static Tensor Reshape(this Tensor x, params ReadOnlySpan<int> shape)
    {
        x.Require("Reshape");
        Span<int> sizes = stackalloc int[shape.Length];
        shape.CopyTo(sizes);
        var open = sizes.IndexOf(-1);
        if (open >= 0)
        {
            sizes[open] = 1;
            var others = sizes.Contains(-1) ? 0 : new Shape(sizes).Count;
            if (others == 0 || x.Count % others != 0)
                throw new ArgumentException($"Reshape: {x.Sizes} to {Shape.Text(shape)}: no size in place of -1 makes {x.Count} elements.");
            sizes[open] = checked((int)(x.Count / others));
        }
        var wanted = new Shape(sizes);
        if (wanted.Count != x.Count)
            throw new ArgumentException($"Reshape: {x.Sizes} has {x.Count} elements, {wanted} has {wanted.Count}.");
        return Alias("Reshape", x, wanted);
    }
}
