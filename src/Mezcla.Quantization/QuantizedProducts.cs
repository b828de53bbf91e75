using Mezcla.Tensors;

namespace Mezcla.Quantization;

/// <summary>Multiplies tensors with quantized matrices, and looks up their rows, on the device of the tensor.</summary>
internal static class QuantizedProducts
{
    /// <summary>X·Wᵀ: [..., columns] → [..., rows].</summary>
    /// <exception cref="InvalidOperationException">A gradient would have to pass.</exception>
    /// <exception cref="ArgumentException">The tensor does not have the matrix's columns.</exception>
    public static Tensor Apply(this IQuantizedMatrix matrix, Tensor x)
    {
        RequireNoGradient(x);
        if (x.Size(-1) != matrix.Columns)
            throw new ArgumentException($"A quantized matrix of [{matrix.Rows}, {matrix.Columns}] cannot be applied to {x}.");
        if (x.Device != Device.Cpu)
        {
            var result = Tensor.Zeros(DType.Float32, x.Device, [.. x.Shape[..^1], matrix.Rows]);
            matrix.Multiply(x.To(DType.Float32), result, 0, null, 0);
            return result;
        }

        var y = Tensor.Zeros([.. x.Shape[..^1], matrix.Rows]);
        matrix.Multiply(x.AsSpan(), y.AsSpan());
        return y;
    }

    /// <summary>Rows sorted by group, each group multiplied with its own matrix: [n, columns] → [n, rows].</summary>
    /// <exception cref="InvalidOperationException">A gradient would have to pass.</exception>
    public static Tensor ApplyGrouped(this IReadOnlyList<IQuantizedMatrix> matrices, Tensor x, Tensor offsets)
    {
        RequireNoGradient(x);
        if (x.Device != Device.Cpu)
        {
            var result = Tensor.Zeros(DType.Float32, x.Device, x.Size(0), matrices[0].Rows);
            for (var i = 0; i < matrices.Count; i++)
                matrices[i].Multiply(x.To(DType.Float32), result, 0, offsets, i);
            return result;
        }

        var (starts, rows, columns) = (offsets.ToIntArray(), matrices[0].Rows, matrices[0].Columns);
        var y = Tensor.Zeros(x.Size(0), rows);
        for (var i = 0; i < matrices.Count; i++)
            matrices[i].Multiply(x.AsSpan()[(starts[i] * columns)..(starts[i + 1] * columns)],
                y.AsSpan()[(starts[i] * rows)..(starts[i + 1] * rows)]);
        return y;
    }

    /// <summary>The rows of ids: Int32 [...] → [..., columns].</summary>
    public static Tensor Lookup(this IQuantizedMatrix matrix, Tensor ids)
    {
        if (ids.Device != Device.Cpu)
        {
            var result = Tensor.Zeros(DType.Float32, ids.Device, [.. ids.Shape, matrix.Columns]);
            matrix.Lookup(ids, result, 0, matrix.Rows);
            return result;
        }

        var y = Tensor.Zeros([.. ids.Shape, matrix.Columns]);
        var at = 0;
        foreach (var id in ids.ToIntArray())
            matrix.ReadRow(id, y.AsSpan().Slice(at++ * matrix.Columns, matrix.Columns));
        return y;
    }

    private static void RequireNoGradient(Tensor x)
    {
        if (x.RequiresGrad)
            throw new InvalidOperationException(
                "Gradients cannot pass through quantized weights: run the model inside a NoGrad, or train the float model.");
    }
}
