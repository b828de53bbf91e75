using System.Numerics;
using System.Runtime.InteropServices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Sparse;

/// <summary>A matrix W [rows, columns] of float32 numbers that stores its zeros by their places only, and multiplies without
/// them.</summary>
public abstract unsafe class SparseMatrix
{
    // Bytes that a thread takes at a time, and vectors of tokens whose sums stay in registers.
    private const int ChunkBytes = 1 << 16, VectorsAtOnce = 4;
    private static readonly int TokensAtOnce = VectorsAtOnce * Vector<float>.Count;

    private protected SparseMatrix(int rows, int columns, ReadOnlySpan<float> weights)
    {
        if (weights.Length != (long)rows * columns)
            throw new ArgumentException($"{weights.Length} weights do not fill a matrix of [{rows}, {columns}].", nameof(weights));
        (Rows, Columns) = (rows, columns);
    }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Values that are stored.</summary>
    public abstract int Count { get; }

    /// <summary>Bytes of the values and of everything that says where they stand.</summary>
    public abstract long Bytes { get; }

    /// <summary>The sum of a row's weights times x [columns].</summary>
    internal abstract float Dot(int row, float* x);

    /// <summary>Writes the columns and values that a row stores, and returns how many.</summary>
    internal abstract int Read(int row, Span<int> columns, Span<float> values);

    /// <summary>Y = X·Wᵀ on all cores: [n, columns] → [n, rows]. One row of X is multiplied in the matrix's own order; of several rows,
    /// each stored weight is read once and multiplies all of them.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public void Multiply(ReadOnlySpan<float> x, Span<float> y)
    {
        var count = x.Length / Columns;
        if (count * Columns != x.Length || y.Length != count * Rows)
            throw new ArgumentException(
                $"A product with [{Rows}, {Columns}] needs n·{Columns} inputs and n·{Rows} outputs, not {x.Length} and {y.Length}.",
                nameof(x));
        var perChunk = (int)Math.Clamp(ChunkBytes * Rows / Math.Max(1, Bytes), 1, Rows);
        var chunks = (Rows + perChunk - 1) / perChunk;
        // A job is unmanaged, so it knows its matrix by a handle.
        var self = GCHandle.Alloc(this);
        try
        {
            fixed (float* output = y)
            {
                if (count == 1)
                    fixed (float* input = x)
                    {
                        var job = new OneRow { Matrix = self, X = input, Y = output, PerChunk = perChunk };
                        CpuThreads.Run(chunks, ref job);
                    }
                else if (count > 1)
                {
                    var stride = (count + TokensAtOnce - 1) / TokensAtOnce * TokensAtOnce;
                    fixed (float* input = Transposed(x, count, stride))
                    {
                        var job = new ManyRows
                        { Matrix = self, X = input, Y = output, PerChunk = perChunk, Tokens = count, Stride = stride };
                        CpuThreads.Run(chunks, ref job);
                    }
                }
            }
        }
        finally
        {
            self.Free();
        }
    }

    private float[] Transposed(ReadOnlySpan<float> x, int count, int stride)
    {
        var transposed = new float[Columns * stride];
        for (var token = 0; token < count; token++)
            for (var column = 0; column < Columns; column++)
                transposed[column * stride + token] = x[token * Columns + column];
        return transposed;
    }

    /// <summary>All weights with their zeros, row after row.</summary>
    public float[] ToArray()
    {
        var weights = new float[Rows * Columns];
        var (columns, values) = (new int[Columns], new float[Columns]);
        for (var row = 0; row < Rows; row++)
            for (int i = 0, n = Read(row, columns, values); i < n; i++)
                weights[row * Columns + columns[i]] = values[i];
        return weights;
    }

    private struct OneRow : IParallelJob
    {
        public GCHandle Matrix;
        public float* X, Y;
        public int PerChunk;

        public readonly void Run(int chunk)
        {
            var matrix = (SparseMatrix)Matrix.Target!;
            for (var row = chunk * PerChunk; row < Math.Min((chunk + 1) * PerChunk, matrix.Rows); row++)
                Y[row] = matrix.Dot(row, X);
        }
    }

    private struct ManyRows : IParallelJob
    {
        public GCHandle Matrix;
        public float* X, Y;
        public int PerChunk, Tokens, Stride;

        public readonly void Run(int chunk)
        {
            var matrix = (SparseMatrix)Matrix.Target!;
            var width = Vector<float>.Count;
            var (columns, values) = (new int[matrix.Columns], new float[matrix.Columns]);
            var sums = stackalloc float[VectorsAtOnce * width];
            for (var row = chunk * PerChunk; row < Math.Min((chunk + 1) * PerChunk, matrix.Rows); row++)
            {
                var stored = matrix.Read(row, columns, values);
                for (var token = 0; token < Tokens; token += TokensAtOnce)
                {
                    Vector<float> a = default, b = default, c = default, d = default;
                    for (var i = 0; i < stored; i++)
                    {
                        var x = X + (nint)columns[i] * Stride + token;
                        var value = new Vector<float>(values[i]);
                        a = Vector.FusedMultiplyAdd(value, Vector.Load(x), a);
                        b = Vector.FusedMultiplyAdd(value, Vector.Load(x + width), b);
                        c = Vector.FusedMultiplyAdd(value, Vector.Load(x + 2 * width), c);
                        d = Vector.FusedMultiplyAdd(value, Vector.Load(x + 3 * width), d);
                    }

                    a.Store(sums);
                    b.Store(sums + width);
                    c.Store(sums + 2 * width);
                    d.Store(sums + 3 * width);
                    for (var i = 0; i < Math.Min(TokensAtOnce, Tokens - token); i++)
                        Y[(token + i) * matrix.Rows + row] = sums[i];
                }
            }
        }
    }
}
