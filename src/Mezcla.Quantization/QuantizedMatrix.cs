using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Kernels;
using Mezcla.Quantization.OpenCl;
using Mezcla.Tensors;
using Mezcla.Tensors.OpenCl;

namespace Mezcla.Quantization;

/// <summary>
/// A matrix W [rows, columns] that stays quantized in memory. On the CPU it multiplies in integer arithmetic: the codes are packed for 16
/// rows at a time (<see cref="PackedMatrix"/>), and activations are rounded to signed bytes with one scale for each 32 of them, which is
/// the only further source of error (<see cref="PackedProduct"/>). On OpenCL devices a copy of the same packing is
/// multiplied in float arithmetic, with activations as they are (<see cref="DeviceMatrix"/>); on others a decoded copy
/// (<see cref="DecodedMatrix"/>).
/// </summary>
public sealed class QuantizedMatrix : IQuantizedMatrix
{
    private readonly PackedMatrix _packed;
    private readonly Dictionary<Device, IMatrixCopy> _copies = [];

    private QuantizedMatrix(PackedMatrix packed) => _packed = packed;

    /// <summary>The format of the weights.</summary>
    public BlockFormat Format => _packed.Packed.Format;

    /// <summary>Number of outputs.</summary>
    public int Rows => _packed.Rows;

    /// <summary>Number of inputs.</summary>
    public int Columns => _packed.Columns;

    /// <summary>Bytes in memory.</summary>
    public long Bytes => _packed.CodeBytes + _packed.ScaleBytes;

    /// <summary>Whether matrices in this format can be multiplied without being decoded.</summary>
    public static bool Supports(BlockFormat format) => PackedFormat.Find(format) is not null;

    /// <summary>Takes a matrix that is already encoded, row after row.</summary>
    /// <param name="format">The format of the bytes.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs, a multiple of the format's block.</param>
    /// <param name="read">Gives the bytes of a row; called from several threads, and twice for each row.</param>
    /// <param name="name">The name of the matrix, for error messages.</param>
    /// <exception cref="ArgumentException">The format is not supported, the columns do not fit it, or a scale is not finite.</exception>
    public static QuantizedMatrix Create(BlockFormat format, int rows, int columns, RowReader read, string name = "matrix")
    {
        var packed = PackedFormat.Find(format)
            ?? throw new ArgumentException($"{name}: a matrix in {format} cannot be multiplied: decode it to floats first.",
                nameof(format));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (columns % format.BlockSize != 0)
            throw new ArgumentException(
                $"{name}: a row has {columns} numbers, which is not a multiple of {format.BlockSize}, the block size of {format}.",
                nameof(columns));
        return new QuantizedMatrix(new PackedMatrix(packed, rows, columns, read, name));
    }

    /// <summary>Takes a matrix that is already encoded.</summary>
    /// <param name="format">The format of the bytes.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs, a multiple of the format's block.</param>
    /// <param name="bytes">The encoded rows, one after another.</param>
    /// <param name="name">The name of the matrix, for error messages.</param>
    /// <exception cref="ArgumentException">The format is not supported, the columns do not fit it, or a scale is not finite.</exception>
    public static QuantizedMatrix Create(BlockFormat format, int rows, int columns, ReadOnlyMemory<byte> bytes, string name = "matrix")
    {
        var rowBytes = (int)format.BytesFor(columns);
        if (bytes.Length != (long)rowBytes * rows)
            throw new ArgumentException($"{name}: [{rows}, {columns}] in {format} takes {(long)rowBytes * rows} bytes, not {bytes.Length}.",
                nameof(bytes));
        return Create(format, rows, columns, (row, destination) => bytes.Span.Slice(row * rowBytes, rowBytes).CopyTo(destination), name);
    }

    /// <summary>Encodes a matrix of floats.</summary>
    /// <param name="format">The format of the bytes.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs, a multiple of the format's block.</param>
    /// <param name="values">The weights, row after row; all must be finite.</param>
    /// <param name="name">The name of the matrix, for error messages.</param>
    /// <exception cref="ArgumentException">The format is not supported, the columns do
    /// not fit it, or a number cannot be encoded.</exception>
    public static QuantizedMatrix Quantize(BlockFormat format, int rows, int columns, ReadOnlySpan<float> values, string name = "matrix")
    {
        if (values.Length != (long)rows * columns)
            throw new ArgumentException($"{name}: [{rows}, {columns}] has {(long)rows * columns} numbers, not {values.Length}.",
                nameof(values));
        return Create(format, rows, columns, format.Encode(values, name), name);
    }

    /// <summary>Y = X·Wᵀ for any number of rows of X. The same bits for any number of threads.</summary>
    /// <param name="x">[n, columns]. Rows with NaN or infinity give NaN.</param>
    /// <param name="y">[n, rows].</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    /// <exception cref="ObjectDisposedException">The matrix was disposed of.</exception>
    public void Multiply(ReadOnlySpan<float> x, Span<float> y)
    {
        var count = x.Length / Columns;
        if (x.Length != (long)count * Columns || y.Length != (long)count * Rows)
            throw new ArgumentException($"A matrix of [{Rows}, {Columns}] cannot map {x.Length} inputs to {y.Length} outputs.");
        Multiply(x, y, Rows);
    }

    /// <summary>Y = X·Wᵀ, where the results of each row of X begin <paramref name="stride"/> floats after those of the previous
    /// row.</summary>
    internal void Multiply(ReadOnlySpan<float> x, Span<float> y, int stride) => PackedProduct.Multiply(_packed, x, y, stride);

    /// <inheritdoc/>
    public void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group) => On(x.Device).Multiply(x, y, first, offsets, group);

    /// <inheritdoc/>
    public void Lookup(Tensor ids, Tensor y, int first, int rows) => On(ids.Device).Lookup(ids, y, first, rows);

    /// <summary>Decodes one row.</summary>
    /// <exception cref="ArgumentException">There is no such row, or
    /// <paramref name="values"/> does not have <see cref="Columns"/> places.</exception>
    public void ReadRow(int row, Span<float> values)
    {
        _packed.RequireMemory();
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        if (values.Length != Columns)
            throw new ArgumentException($"A row has {Columns} numbers, not {values.Length}.", nameof(values));
        PackedProduct.ReadRow(_packed, row, values);
    }

    /// <summary>Frees the memory, here and on other devices.</summary>
    public void Dispose()
    {
        lock (_copies)
        {
            foreach (var copy in _copies.Values)
                copy.Dispose();
            _copies.Clear();
        }
        _packed.Dispose();
    }

    /// <summary>The copy on a device, made when it is first needed.</summary>
    private IMatrixCopy On(Device device)
    {
        _packed.RequireMemory();
        lock (_copies)
            return _copies.TryGetValue(device, out var copy) ? copy : _copies[device] = Copy(_packed, device);

        static IMatrixCopy Copy(PackedMatrix packed, Device device) => device.Kernels is OpenClDevice kernels
            ? new DeviceMatrix(packed, device, kernels) : new DecodedMatrix(packed, device);
    }
}
