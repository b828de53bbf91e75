using System.Runtime.InteropServices;
using Mezcla.Quantization.Kernels;
using Mezcla.Tensors;
using Mezcla.Tensors.Devices;

namespace Mezcla.Quantization;

/// <summary>
/// A quantized matrix on a device that has no kernels for codes: products take a decoded copy of it, in floats, which is made when it is
/// first needed and takes 4 bytes a weight there. Rows are looked up on the CPU.
/// </summary>
/// <param name="matrix">The matrix in the CPU's memory.</param>
/// <param name="device">The device.</param>
internal sealed class DecodedMatrix(PackedMatrix matrix, Device device) : IMatrixCopy
{
    // Decoded at a time, in bytes.
    private const int ChunkBytes = 1 << 24;

    private Storage? _weights;

    /// <inheritdoc/>
    public void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group)
    {
        var (count, stride) = (checked((int)(x.Count / matrix.Columns)), y.Size(-1));
        if (stride == matrix.Rows)
        {
            Multiply(x, y.Handle, count, offsets, group);
            return;
        }

        // A part of a stack: its columns of y lie among those of others.
        var part = device.Pool.Rent((long)count * matrix.Rows * sizeof(float), "a product with one of stacked matrices");
        var result = new Handle(part, 0);
        device.Kernels.Fill(result, (long)count * matrix.Rows, 0);
        Multiply(x, result, count, offsets, group);
        device.Kernels.AddStrided(result, [matrix.Rows, 1], y.Handle.Plus((long)first * sizeof(float)), [stride, 1],
            new Shape([count, matrix.Rows]));
        part.Release();
    }

    /// <inheritdoc/>
    public void Lookup(Tensor ids, Tensor y, int first, int rows)
    {
        var wanted = ids.ToIntArray();
        var check = new IndexCheck("Embedding", IndexKind.Index, new Shape(ids.Shape), rows);
        var row = new float[matrix.Columns];
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] < 0 || wanted[i] >= rows)
                throw check.Error(i, wanted[i]);
            if (wanted[i] < first || wanted[i] >= first + matrix.Rows)
                continue;
            PackedProduct.ReadRow(matrix, wanted[i] - first, row);
            device.Kernels.Upload(MemoryMarshal.AsBytes(row.AsSpan()), y.Handle.Plus((long)i * row.Length * sizeof(float)));
        }
    }

    /// <summary>Gives the memory back to the device.</summary>
    public void Dispose()
    {
        _weights?.Release();
        _weights = null;
    }

    private void Multiply(Tensor x, Handle y, int count, Tensor? offsets, int group)
    {
        var weights = new Handle(_weights ??= Decode(), 0);
        if (offsets is null)
            device.Kernels.MatMul(new Product(1, count, matrix.Rows, matrix.Columns, false, true, 0, 0, 0), x.Handle, weights, default, y,
                accumulate: false);
        else
            // Added to the zeros there: rows of other groups stay what they are.
            device.Kernels.GroupedMatMul(x.Handle, weights, offsets.Handle.Plus((long)group * sizeof(int)), y, groups: 1, count,
                matrix.Rows, matrix.Columns, transposeB: true, accumulate: true);
        GC.KeepAlive(x);
        GC.KeepAlive(offsets);
    }

    private Storage Decode()
    {
        long rowBytes = matrix.Columns * sizeof(float);
        var to = device.Pool.Rent(matrix.Rows * rowBytes, $"a matrix decoded from {matrix.Packed.Format}");
        var chunk = new float[Math.Clamp(ChunkBytes / rowBytes, 1, matrix.Rows) * matrix.Columns];
        for (var first = 0; first < matrix.Rows; first += chunk.Length / matrix.Columns)
        {
            var rows = Math.Min(chunk.Length / matrix.Columns, matrix.Rows - first);
            Parallel.For(0, rows, i => PackedProduct.ReadRow(matrix, first + i, chunk.AsSpan(i * matrix.Columns, matrix.Columns)));
            device.Kernels.Upload(MemoryMarshal.AsBytes(chunk.AsSpan(0, rows * matrix.Columns)), new Handle(to, first * rowBytes));
        }

        return to;
    }
}
