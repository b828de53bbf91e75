using System.Runtime.InteropServices;
using Mezcla.Layers;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Kernels;
using Mezcla.Tensors;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Devices.Cpu;
using Mezcla.Tensors.Devices.Gpu;

namespace Mezcla.Quantization;

/// <summary>Fills the encoded bytes of one row of a matrix.</summary>
/// <param name="row">The row.</param>
/// <param name="bytes">Where they go.</param>
public delegate void RowReader(int row, Span<byte> bytes);

/// <summary>
/// A matrix W [rows, columns] that stays quantized in memory, repacked once so that 16 rows are multiplied at a time with whole-number arithmetic.
/// RoundedActivations are rounded to signed bytes, 32 sharing a scale, which is where the products' only further error comes from. GPUs multiply with a copy of the same packing in floats,
/// without rounding activations.
/// </summary>
public sealed unsafe class QuantizedMatrix : IFrozenMatrix
{
    private const int PanelRows = 16, ChunkBytes = 1 << 16;

    private readonly PackedFormat packed;
    private readonly byte* codes, scales;
    private readonly long codeBytes, scaleBytes;
    private readonly float factor;
    // On other devices; memory of a matrix that was forgotten goes back by itself.
    private readonly Dictionary<Device, (Handle Codes, Handle Scales)> copies = [];

    [ThreadStatic] private static RoundedActivations? t_activations;

    private QuantizedMatrix(PackedFormat packed, int rows, int columns, RowReader read, string name)
    {
        this.packed = packed;
        (Rows, Columns) = (rows, columns);
        var layout = packed.Sizes;
        var panels = (rows + PanelRows - 1) / PanelRows;
        codeBytes = (long)panels * (columns / 32) * layout.CodeBytes;
        scaleBytes = (long)panels * (columns / layout.SuperColumns) * layout.ScaleBytes;
        codes = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, codeBytes), 64);
        scales = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, scaleBytes), 64);
        try
        {
            var exponent = Exponent(read, name);
            factor = packed.Factor(exponent);
            Parallel.For(0, panels, panel => Repack(panel, read, exponent));
        }
        catch (AggregateException e)
        {
            Dispose();
            throw e.InnerExceptions[0];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How the weights were encoded.</summary>
    public BlockFormat Format => packed.Format;

    /// <summary>Number of outputs.</summary>
    public int Rows { get; }

    /// <summary>Number of inputs.</summary>
    public int Columns { get; }

    /// <summary>Bytes in memory.</summary>
    public long Bytes => codeBytes + scaleBytes;

    /// <summary>Whether matrices in this format can be multiplied without being decoded.</summary>
    public static bool Supports(BlockFormat format) => PackedFormat.Find(format) is not null;

    /// <summary>Takes a matrix that is already encoded, row after row.</summary>
    /// <param name="format">How.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs, a multiple of the format's block.</param>
    /// <param name="read">Gives a row's bytes; called from several threads, and twice for each row.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="ArgumentException">The format is not supported, the columns do not fit it, or a scale is not finite.</exception>
    public static QuantizedMatrix Create(BlockFormat format, int rows, int columns, RowReader read, string name = "matrix")
    {
        var packed = PackedFormat.Find(format) ?? throw new ArgumentException($"{name}: matrices in {format} cannot be multiplied as they are; decode them to floats.", nameof(format));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (columns % format.BlockSize != 0) throw new ArgumentException($"{name}: rows of {columns} are no multiple of {format.BlockSize}, the block of {format}.", nameof(columns));
        return new QuantizedMatrix(packed, rows, columns, read, name);
    }

    /// <summary>Takes a matrix that is already encoded.</summary>
    /// <param name="format">How.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs, a multiple of the format's block.</param>
    /// <param name="bytes">Row after row.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="ArgumentException">The format is not supported, the columns do not fit it, or a scale is not finite.</exception>
    public static QuantizedMatrix Create(BlockFormat format, int rows, int columns, ReadOnlyMemory<byte> bytes, string name = "matrix")
    {
        var rowBytes = (int)format.BytesFor(columns);
        if (bytes.Length != (long)rowBytes * rows) throw new ArgumentException($"{name}: [{rows}, {columns}] in {format} takes {(long)rowBytes * rows} bytes, not {bytes.Length}.", nameof(bytes));
        return Create(format, rows, columns, (row, destination) => bytes.Span.Slice(row * rowBytes, rowBytes).CopyTo(destination), name);
    }

    /// <summary>Encodes a matrix of floats.</summary>
    /// <param name="format">How.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs, a multiple of the format's block.</param>
    /// <param name="values">Row after row, finite.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="ArgumentException">The format is not supported, the columns do not fit it, or a number cannot be encoded.</exception>
    public static QuantizedMatrix Quantize(BlockFormat format, int rows, int columns, ReadOnlySpan<float> values, string name = "matrix")
    {
        if (values.Length != (long)rows * columns) throw new ArgumentException($"{name}: [{rows}, {columns}] has {(long)rows * columns} numbers, not {values.Length}.", nameof(values));
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
            throw new ArgumentException($"A matrix of [{Rows}, {Columns}] cannot turn {x.Length} numbers into {y.Length}.");
        Multiply(x, y, Rows);
    }

    /// <inheritdoc/>
    public void Multiply(Tensor x, Tensor y, int first, Tensor? offsets, int group)
    {
        var (kernels, there) = On(x.Device);
        kernels.QuantizedProduct(Packing, there.Codes, there.Scales, x.Handle, offsets?.Handle ?? default, group, y.Handle, x.Count / Columns, first, y.Size(-1));
        GC.KeepAlive(offsets);
    }

    /// <inheritdoc/>
    public void Lookup(Tensor ids, Tensor y, int first, int rows)
    {
        var (kernels, there) = On(ids.Device);
        kernels.QuantizedRows(Packing, there.Codes, there.Scales, ids.Handle, y.Handle, ids.Count, first, new IndexCheck(first == 0 ? "Embedding" : null, IndexKind.Index, ids.Sizes, rows));
    }

    private QuantizedLayout Packing => packed.Sizes.OnDevice(Rows, Columns, factor);

    /// <summary>The copy on a device, made when it is first wanted.</summary>
    private (GpuKernels Kernels, (Handle Codes, Handle Scales) There) On(Device device)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (device.Kernels is not GpuKernels kernels) throw new NotSupportedException($"{device} has no products with quantized matrices.");
        lock (copies)
        {
            if (!copies.TryGetValue(device, out var there)) copies[device] = there = (Copy(codes, codeBytes), Copy(scales, scaleBytes));
            return (kernels, there);
        }

        Handle Copy(byte* from, long bytes)
        {
            var to = new Handle(device.Pool.Rent(bytes, $"a matrix in {Format}"), 0);
            for (long at = 0; at < bytes; at += 1 << 30) kernels.Upload(new ReadOnlySpan<byte>(from + at, (int)Math.Min(bytes - at, 1 << 30)), to.Plus(at));
            return to;
        }
    }

    /// <summary>Decodes one row.</summary>
    /// <exception cref="ArgumentException">There is no such row, or <paramref name="values"/> does not have <see cref="Columns"/> places.</exception>
    public void ReadRow(int row, Span<float> values)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
        if (values.Length != Columns) throw new ArgumentException($"A row has {Columns} numbers, not {values.Length}.", nameof(values));
        fixed (float* y = values)
            packed.Sizes.Row(new ProductOperands { Codes = codes, Scales = scales, Factor = factor, Blocks = Columns / 32 }, row / PanelRows, row % PanelRows, y);
        GC.KeepAlive(this);
    }

    /// <summary>The same with results of a row of X <paramref name="stride"/> floats after those of the one before.</summary>
    internal void Multiply(ReadOnlySpan<float> x, Span<float> y, int stride)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var count = x.Length / Columns;
        if (count == 0) return;
        var activations = t_activations ??= new RoundedActivations();
        activations.Set(x, count, Columns, packed.Sizes.Signed);
        fixed (float* results = y)
        {
            var panelBytes = Columns / 32 * packed.Sizes.CodeBytes;
            var job = new Job
            {
                Operands = new ProductOperands { Codes = codes, Scales = scales, Factor = factor, Blocks = Columns / 32, X = activations.Start },
                TokenBytes = (nint)Columns / 32 * RoundedActivations.BlockBytes(packed.Sizes.Signed),
                Kernel = packed.Sizes.Kernel,
                Rows = Rows,
                Stride = stride,
                Tokens = count,
                Results = results,
                Panels = Math.Max(1, ChunkBytes / panelBytes),
            };
            CpuThreads.Run((Rows + PanelRows * job.Panels - 1) / (PanelRows * job.Panels), ref job);
        }
        GC.KeepAlive(this);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        lock (copies)
        {
            foreach (var there in copies.Values)
            {
                there.Codes.Storage!.Release();
                there.Scales.Storage!.Release();
            }
            copies.Clear();
        }
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory of a matrix that was forgotten.</summary>
    ~QuantizedMatrix() => Free();

    private bool disposed;

    private void Free()
    {
        if (disposed) return;
        disposed = true;
        NativeMemory.AlignedFree(codes);
        NativeMemory.AlignedFree(scales);
    }

    /// <summary>The power of two that brings the largest half just below 2¹⁵, so that none is subnormal that need not be; and a check of all of them.</summary>
    private int Exponent(RowReader read, string name)
    {
        var format = packed.Format;
        var largest = 0f;
        var gate = new Lock();
        Parallel.For(0, Rows, () => (Bytes: new byte[format.BytesFor(Columns)], Largest: 0f), (row, _, state) =>
        {
            read(row, state.Bytes);
            format.Check(state.Bytes, $"{name}, row {row}");
            for (var at = 0; at < state.Bytes.Length; at += format.BlockBytes)
                foreach (var offset in format.HalfOffsets)
                    state.Largest = Math.Max(state.Largest, Math.Abs((float)BitConverter.ToHalf(state.Bytes, at + offset)));
            return state;
        }, state =>
        {
            lock (gate) largest = Math.Max(largest, state.Largest);
        });
        return largest > 0 ? Math.Clamp(14 - MathF.ILogB(largest), 0, 38) : 0;
    }

    private void Repack(int panel, RowReader read, int exponent)
    {
        var (format, layout) = (packed.Format, packed.Sizes);
        var bytes = new byte[format.BytesFor(Columns)];
        Span<int> block = stackalloc int[format.BlockSize];
        var panelCodes = codes + (long)panel * (Columns / 32) * layout.CodeBytes;
        var panelScales = new Span<byte>(scales + (long)panel * (Columns / layout.SuperColumns) * layout.ScaleBytes, Columns / layout.SuperColumns * layout.ScaleBytes);
        new Span<byte>(panelCodes, Columns / 32 * layout.CodeBytes).Clear();
        panelScales.Clear();
        for (var row = 0; row < PanelRows && panel * PanelRows + row < Rows; row++)
        {
            read(panel * PanelRows + row, bytes);
            for (var column = 0; column < Columns; column += format.BlockSize)
            {
                var encoded = bytes.AsSpan(column / format.BlockSize * format.BlockBytes, format.BlockBytes);
                packed.Scales(encoded, panelScales[(column / layout.SuperColumns * layout.ScaleBytes)..], row, exponent);
                packed.Codes(encoded, block);
                for (var i = 0; i < block.Length; i++)
                    layout.Pack(panelCodes + (long)((column + i) / 32) * layout.CodeBytes, row, (column + i) % 32, block[i]);
            }
        }
    }

    private struct Job : IParallelJob
    {
        public ProductOperands Operands;
        public delegate*<in ProductOperands, int, int, float*, int, void> Kernel;
        public float* Results;
        public nint TokenBytes;
        public int Rows, Stride, Tokens, Panels;

        public readonly void Run(int chunk)
        {
            var operands = Operands;
            for (var panel = chunk * Panels; panel < Math.Min((chunk + 1) * Panels, (Rows + PanelRows - 1) / PanelRows); panel++)
                for (var token = 0; token < Tokens; token += RoundedActivations.GroupTokens)
                {
                    operands.X = Operands.X + token * TokenBytes;
                    var tokens = Math.Min(RoundedActivations.GroupTokens, Tokens - token);
                    var results = Results + (nint)token * Stride + panel * PanelRows;
                    if ((panel + 1) * PanelRows <= Rows) Kernel(in operands, panel, tokens, results, Stride);
                    else Last(in operands, panel, tokens, results);
                }
        }

        /// <summary>The last panel where the rows are no multiple of 16: through a buffer.</summary>
        private readonly void Last(in ProductOperands operands, int panel, int tokens, float* results)
        {
            var buffer = stackalloc float[PanelRows * RoundedActivations.GroupTokens];
            Kernel(in operands, panel, tokens, buffer, PanelRows);
            var rows = Rows - panel * PanelRows;
            for (var token = 0; token < tokens; token++)
                new Span<float>(buffer + token * PanelRows, rows).CopyTo(new Span<float>(results + (nint)token * Stride, rows));
        }
    }
}
