using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Kernels;

/// <summary>
/// The packed codes and scales of a matrix [rows, columns] in memory. Encoded rows are repacked once, into panels of 16 rows whose codes
/// lie interleaved, so that the products compute 16 rows at a time.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Rows of a panel.</summary>
    public const int PanelRows = 16;

    private readonly MatrixMemory _memory;
    private readonly byte* _codes, _scales;
    private bool _disposed;

    /// <summary>Packs a matrix.</summary>
    /// <param name="packed">How.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs, a multiple of the format's block.</param>
    /// <param name="read">Gives the bytes of a row; called from several threads, and twice for each row.</param>
    /// <param name="name">The name of the matrix, for error messages.</param>
    /// <exception cref="ArgumentException">A scale is not finite.</exception>
    public PackedMatrix(PackedFormat packed, int rows, int columns, RowReader read, string name)
    {
        (Packed, Rows, Columns) = (packed, rows, columns);
        var layout = packed.Layout;
        Panels = (rows + PanelRows - 1) / PanelRows;
        CodeBytes = (long)Panels * (columns / 32) * layout.CodeBytes;
        ScaleBytes = (long)Panels * (columns / layout.SuperColumns) * layout.ScaleBytes;
        var codes = (CodeBytes + 63) / 64 * 64; // the scales begin at a multiple of 64, too
        _memory = new(codes + ScaleBytes);
        _codes = _memory.Start;
        _scales = _codes + codes;
        try
        {
            var exponent = Exponent(read, name);
            Factor = packed.Factor(exponent);
            Parallel.For(0, Panels, panel => Repack(panel, read, exponent));
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

    /// <summary>The format and its packing.</summary>
    public PackedFormat Packed { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Panels of 16 rows; the last may have fewer.</summary>
    public int Panels { get; }

    /// <summary>Bytes of the codes.</summary>
    public long CodeBytes { get; }

    /// <summary>Bytes of the scales.</summary>
    public long ScaleBytes { get; }

    /// <summary>The factor of the whole matrix.</summary>
    public float Factor { get; }

    /// <summary>The codes, panel after panel.</summary>
    public byte* Codes => _codes;

    /// <summary>The scales, panel after panel.</summary>
    public byte* Scales => _scales;

    /// <summary>What the kernels need to know of it; the activations are not set.</summary>
    public ProductOperands Operands => new() { Codes = _codes, Scales = _scales, Factor = Factor, Blocks = Columns / 32 };

    /// <summary>Throws if the memory was freed.</summary>
    /// <exception cref="ObjectDisposedException">It was.</exception>
    public void RequireMemory() => ObjectDisposedException.ThrowIf(_disposed, typeof(QuantizedMatrix));

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the memory of a matrix that nobody refers to any more.</summary>
    ~PackedMatrix() => Free();

    private void Free()
    {
        if (_disposed)
            return;
        _disposed = true;
        _memory?.Free(); // null where its constructor threw
    }

    /// <summary>
    /// The power of two that all half-precision scales are multiplied by: it brings the largest just below
    /// 2¹⁵, so that as few as possible are subnormal. Checks every row on the way.
    /// </summary>
    private int Exponent(RowReader read, string name)
    {
        var format = Packed.Format;
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
            lock (gate)
                largest = Math.Max(largest, state.Largest);
        });
        return largest > 0 ? Math.Clamp(14 - MathF.ILogB(largest), 0, 38) : 0;
    }

    private void Repack(int panel, RowReader read, int exponent)
    {
        var (format, layout) = (Packed.Format, Packed.Layout);
        var bytes = new byte[format.BytesFor(Columns)];
        var panelCodes = _codes + (long)panel * (Columns / 32) * layout.CodeBytes;
        var panelScales = new Span<byte>(_scales + (long)panel * (Columns / layout.SuperColumns) * layout.ScaleBytes,
            Columns / layout.SuperColumns * layout.ScaleBytes);
        new Span<byte>(panelCodes, Columns / 32 * layout.CodeBytes).Clear();
        panelScales.Clear();
        for (var row = 0; row < PanelRows && panel * PanelRows + row < Rows; row++)
        {
            read(panel * PanelRows + row, bytes);
            for (var column = 0; column < Columns; column += format.BlockSize)
            {
                var encoded = bytes.AsSpan(column / format.BlockSize * format.BlockBytes, format.BlockBytes);
                Packed.Scales(encoded, panelScales[(column / layout.SuperColumns * layout.ScaleBytes)..], row, exponent);
                Packed.Pack(encoded, panelCodes + (long)(column / 32) * layout.CodeBytes, row);
            }
        }
    }
}
