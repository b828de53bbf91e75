using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The elements along one axis in order, equal ones as they stood, NaN as the largest; and where they were (Int32). The gradient goes back there.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static (Tensor Values, Tensor Indices) Sort(this Tensor x, int axis = -1, bool descending = false)
    {
        axis = x.Axis("Sort", axis);
        if (axis == x.Rank - 1)
            return Sort("Sort", x, x.Sizes[axis], descending);
        using var scope = new TensorScope();
        var (values, indices) = Sort("Sort", x.Transpose(axis, -1), x.Sizes[axis], descending);
        return (scope.Keep(values.Transpose(axis, -1)), scope.Keep(indices.Transpose(axis, -1)));
    }

    private static (Tensor, Tensor) Sort(string name, Tensor x, int k, bool descending)
    {
        x = x.Floats(name);
        int n = x.Size(-1);
        long rows = x.Sizes.Product(0, x.Rank - 1);
        var shape = x.Sizes.With(x.Rank - 1, k);
        var values = Tensor.Empty(name, shape, DType.Float32, x.Device);
        var indices = Tensor.Empty(name, shape, DType.Int32, x.Device);
        x.Kernels.Sort(x.Handle, values.Handle, indices.Handle, rows, n, k, descending);
        if (Tape.Records(x))
            values.RecordedAs(new GatherNode(name, values, x, indices, rows, n, 1));
        return (Tape.Finish(name, values), indices);
    }
}
