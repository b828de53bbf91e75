using Mezcla.Tensors;

namespace Mezcla.Layers;

/// <summary>A matrix W [rows, columns] that is not a tensor of floats, such as a quantized one. It lies in the processor's memory, and where other devices multiply with it there too; it passes no gradients.</summary>
public interface IFrozenMatrix : IDisposable
{
    /// <summary>Number of outputs.</summary>
    int Rows { get; }

    /// <summary>Number of inputs.</summary>
    int Columns { get; }

    /// <summary>Bytes in memory.</summary>
    long Bytes { get; }

    /// <summary>Y = X·Wᵀ: [n, columns] → [n, rows].</summary>
    void Multiply(ReadOnlySpan<float> x, Span<float> y);

    /// <summary>One row, as floats.</summary>
    void ReadRow(int row, Span<float> values);

    /// <summary>On a device other than the processor: y[i, first to first + <see cref="Rows"/>] = W·x[i] for every row i of x, or for those from offsets[group] to offsets[group + 1].</summary>
    /// <exception cref="NotSupportedException">Other devices have no products with such a matrix.</exception>
    void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group) => throw Missing(x.Device);

    /// <summary>On a device other than the processor: y[i, :] = row ids[i] - first of W, where it has that row, of <paramref name="rows"/> in all.</summary>
    /// <exception cref="NotSupportedException">Other devices have no products with such a matrix.</exception>
    void Lookup(Tensor ids, Tensor y, int first, int rows) => throw Missing(ids.Device);

    private NotSupportedException Missing(Device device)
        => new($"{device} has no products with matrices of the kind {GetType().Name}, only with blocks such as Q8_0, Q4_0, Q4_K or Q6_K: use this quantized model on the cpu, or the float model here.");
}

/// <summary>Frozen matrices in the place of weights.</summary>
internal static class FrozenMatrices
{
    /// <summary>[..., columns] → [..., rows].</summary>
    public static Tensor Apply(this IFrozenMatrix matrix, Tensor x)
    {
        if (x.RequiresGrad) throw new InvalidOperationException("A frozen (quantized) matrix passes no gradients: use the model inside a NoGrad, or train the float model.");
        if (x.Size(-1) != matrix.Columns) throw new ArgumentException($"A frozen matrix of [{matrix.Rows}, {matrix.Columns}] cannot be applied to {x}.");
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

    /// <summary>Rows sorted by group, each group by its own matrix: [n, columns] → [n, rows].</summary>
    public static Tensor ApplyGrouped(this IReadOnlyList<IFrozenMatrix> matrices, Tensor x, Tensor offsets)
    {
        if (x.RequiresGrad) throw new InvalidOperationException("Frozen (quantized) experts pass no gradients: use the model inside a NoGrad, or train the float model.");
        if (x.Device != Device.Cpu)
        {
            var result = Tensor.Zeros(DType.Float32, x.Device, x.Size(0), matrices[0].Rows);
            for (var i = 0; i < matrices.Count; i++) matrices[i].Multiply(x.To(DType.Float32), result, 0, offsets, i);
            return result;
        }

        var (starts, rows, columns) = (offsets.ToIntArray(), matrices[0].Rows, matrices[0].Columns);
        var y = Tensor.Zeros(x.Size(0), rows);
        for (var i = 0; i < matrices.Count; i++)
            matrices[i].Multiply(x.AsSpan()[(starts[i] * columns)..(starts[i + 1] * columns)], y.AsSpan()[(starts[i] * rows)..(starts[i + 1] * rows)]);
        return y;
    }

    /// <summary>The rows of ids: Int32 [...] → [..., columns].</summary>
    public static Tensor Lookup(this IFrozenMatrix matrix, Tensor ids)
    {
        if (ids.Device != Device.Cpu)
        {
            var result = Tensor.Zeros(DType.Float32, ids.Device, [.. ids.Shape, matrix.Columns]);
            matrix.Lookup(ids, result, 0, matrix.Rows);
            return result;
        }

        var y = Tensor.Zeros([.. ids.Shape, matrix.Columns]);
        var at = 0;
        foreach (var id in ids.ToIntArray()) matrix.ReadRow(id, y.AsSpan().Slice(at++ * matrix.Columns, matrix.Columns));
        return y;
    }
}
