namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The k largest elements along the last axis, in descending order, and their positions (Int32), each [..., k]. Among equal elements
    /// the earlier one comes first. The gradient goes to the elements that were chosen.
    /// </summary>
    /// <exception cref="ArgumentException">The last axis has fewer than k positions.</exception>
    public static (Tensor Values, Tensor Indices) TopK(this Tensor x, int k)
    {
        x = x.Floats("TopK");
        if (k < 0 || k > x.Size(-1))
            throw new ArgumentException($"TopK: the last axis of {x.Sizes} has fewer than {k} elements.");
        var n = x.Size(-1);
        var rows = x.Sizes.Product(0, x.Rank - 1);
        var shape = x.Sizes.With(x.Rank - 1, k);
        var values = Tensor.Empty("TopK", shape, DType.Float32, x.Device);
        var indices = Tensor.Empty("TopK", shape, DType.Int32, x.Device);
        x.Kernels.TopK(x.Handle, values.Handle, indices.Handle, rows, n, k);
        return (Tape.Finish("TopK", values, Tape.Records(x) ? new GatherNode("TopK", values, x, indices, rows, n, 1) : null), indices);
    }
}
