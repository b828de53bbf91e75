using System.Reflection;
using Mezcla.Quantization.Kernels;
using Mezcla.Tensors;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.OpenCl;

namespace Mezcla.Quantization.OpenCl;

/// <summary>
/// A copy of a packed matrix in the memory of an OpenCL device, which multiplies there with the kernels of quantized.cl. Weights are
/// decoded to floats in registers, and activations are not rounded.
/// </summary>
internal sealed unsafe class DeviceMatrix : IMatrixCopy
{
    // If X has at least this many rows, it is faster to decode the whole matrix once and to multiply floats.
    private const int ManyRows = 32;

    // A span holds less than 2 GiB.
    private const int UploadBytes = 1 << 30;

    private static readonly Lazy<string> Source = new(ReadSource);

    private readonly Device _device;
    private readonly OpenClDevice _kernels;
    private readonly PackingDescription _packing;
    private readonly Handle _codes, _scales;

    /// <summary>Copies a matrix to a device.</summary>
    public DeviceMatrix(PackedMatrix matrix, Device device, OpenClDevice kernels)
    {
        _kernels = kernels;
        _kernels.AddSource(Source.Value);
        _device = device;
        _packing = matrix.Packed.Layout.Describe(matrix.Rows, matrix.Columns, matrix.Factor);
        _codes = Copy(matrix.Codes, matrix.CodeBytes, matrix);
        _scales = Copy(matrix.Scales, matrix.ScaleBytes, matrix);
        GC.KeepAlive(matrix);
    }

    /// <inheritdoc/>
    public void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group)
    {
        var (count, stride) = (x.Count / _packing.Columns, y.Size(-1));
        if (offsets is null && count >= ManyRows && stride == _packing.Rows)
        {
            var decoded = new Handle(_device.Pool.Rent((long)_packing.Rows * _packing.Columns * sizeof(float), "a decoded matrix"), 0);
            Decode(default, decoded, _packing.Rows, 0, default);
            _kernels.MatMul(new Product(1, checked((int)count), _packing.Rows, _packing.Columns, false, true, 0, 0, 0), x.Handle, decoded,
                default, y.Handle, accumulate: false);
            decoded.Storage!.Release();
            return;
        }
        _kernels.LaunchGroups("quantized_product", (_packing.Rows + 15L) / 16 * ((count + 3) / 4), x.Handle, _codes, (long)_packing.Codes,
            _packing.CodeBytes / 4L,
            _scales, (long)_packing.Scales, (long)_packing.ScaleBytes, (long)_packing.SuperBlocks, (float)_packing.Zero, _packing.Factor,
            offsets?.Handle ?? default, (long)group, y.Handle, count, (long)_packing.Rows, (long)_packing.Columns, (long)first,
            (long)stride);
        GC.KeepAlive(offsets);
    }

    /// <inheritdoc/>
    public void Lookup(Tensor ids, Tensor y, int first, int rows) =>
        Decode(ids.Handle, y.Handle, ids.Count, first,
            new IndexCheck(first == 0 ? "Embedding" : null, IndexKind.Index, new Shape(ids.Shape), rows));

    /// <summary>Gives the memory back to the device.</summary>
    public void Dispose()
    {
        _codes.Storage!.Release();
        _scales.Storage!.Release();
    }

    // Without ids, the first rows in order.
    private void Decode(Handle ids, Handle y, long count, int first, in IndexCheck check)
    {
        var (record, operation) = _kernels.Checked(check);
        _kernels.LaunchItems("quantized_rows", count * (_packing.Columns / 4), _codes, (long)_packing.Codes, _packing.CodeBytes / 4L,
            _scales, (long)_packing.Scales, (long)_packing.ScaleBytes, (long)_packing.SuperBlocks, (float)_packing.Zero, _packing.Factor,
            ids, y, count, (long)_packing.Rows, (long)_packing.Columns, (long)first, check.Limit, record, operation);
    }

    private Handle Copy(byte* from, long bytes, PackedMatrix matrix)
    {
        var to = new Handle(_device.Pool.Rent(bytes, $"a matrix in {matrix.Packed.Format}"), 0);
        for (long at = 0; at < bytes; at += UploadBytes)
            _kernels.Upload(new ReadOnlySpan<byte>(from + at, (int)Math.Min(bytes - at, UploadBytes)), to.Plus(at));
        return to;
    }

    private static string ReadSource()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Mezcla.Quantization.quantized.cl")!;
        return new StreamReader(stream).ReadToEnd();
    }
}
