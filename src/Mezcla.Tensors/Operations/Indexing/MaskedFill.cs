namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>A copy of x with <paramref name="value"/> wherever the mask is not 0. The gradient there is 0.</summary>
    /// <param name="x">Any floating-point tensor.</param>
    /// <param name="mask">Float32 or Int32; broadcast to the shape of x.</param>
    /// <param name="value">The number to put in, such as -∞ before a softmax.</param>
    /// <exception cref="ArgumentException">The mask does not broadcast to x.</exception>
    public static Tensor MaskedFill(this Tensor x, Tensor mask, float value)
    {
        x = x.Floats("MaskedFill");
        mask = Mask("MaskedFill", mask, x.Device);
        if (Shape.Broadcast("MaskedFill", x.Sizes, mask.Sizes) != x.Sizes)
            throw new ArgumentException($"MaskedFill: the mask {mask.Sizes} is larger than {x.Sizes}.");
        using var scope = new TensorScope();
        mask = Expand(mask, x.Sizes);
        var y = Tensor.Empty("MaskedFill", x.Sizes, DType.Float32, x.Device);
        x.Kernels.Select(mask.Handle, default, value, x.Handle, 0, y.Handle, y.Count, accumulate: false);
        GC.KeepAlive(mask);
        return Tape.Finish("MaskedFill", scope.Keep(y), Tape.Records(x) ? new WhereNode("MaskedFill", y, mask, null, x) : null);
    }
}
