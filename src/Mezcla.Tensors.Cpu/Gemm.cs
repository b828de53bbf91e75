using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Single-precision matrix products, C = alpha * op(A) op(B) + beta * C (+ bias), row-major with leading dimensions. op(X) is X or X
/// transposed; transposed, A lies in memory as [k, m] and B as [n, k]. C overlaps neither factor, and with beta = 0 it is not read.
/// </summary>
public static unsafe class Gemm
{
    // Products below this many multiply-adds are not worth a second thread.
    private const long ParallelWork = 64 * 64 * 64;

    /// <summary>C[m, n] = alpha * op(A)[m, k] op(B)[k, n] + beta * C + bias[n].</summary>
    public static void Multiply(
        bool transposeA, bool transposeB, int m, int n, int k, float alpha, float* a, nint lda, float* b, nint ldb,
        float beta, float* c, nint ldc, float* bias = null) =>
        MultiplyBatch(1, transposeA, transposeB, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, bias);

    /// <summary>C = f(A op(B) + bias) for an activation f, and where wanted its derivatives, which lie as C does.</summary>
    internal static void MultiplyAndFinish(bool transposeB, int m, int n, int k, float* a, nint lda, float* b, nint ldb, float* c, nint ldc,
        float* bias, ProductFinish finish, float* slopes)
    {
        if (m == 0 || n == 0)
            return;
        Simd.Run(1, new BatchJob
        {
            Product = new MatrixProduct(false, transposeB, m, n, k, 1, a, lda, b, ldb, 0, c, ldc,
                bias)
            { Finish = finish, Slopes = slopes },
            Batch = 1,
            PerChunk = 1,
        });
    }

    /// <summary><paramref name="batch"/> products whose operands lie strideA, strideB and
    /// strideC floats apart (0 for a factor that all share).</summary>
    public static void MultiplyBatch(
        int batch, bool transposeA, bool transposeB, int m, int n, int k, float alpha, float* a, nint lda, nint strideA,
        float* b, nint ldb, nint strideB, float beta, float* c, nint ldc, nint strideC, float* bias = null)
    {
        if (batch == 0 || m == 0 || n == 0)
            return;
        var product = new MatrixProduct(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, bias);
        var work = Math.Max(1, product.Work);
        // Many products: one thread each, so that none waits for another. Few large ones: all threads on each.
        var perChunk = work * batch <= ParallelWork ? batch : (int)Math.Max(1, ParallelWork / 4 / work);
        var together = batch < 8 && work > ParallelWork;
        var job = new BatchJob
        {
            Product = product,
            Batch = batch,
            PerChunk = perChunk,
            StrideA = strideA,
            StrideB = strideB,
            StrideC = strideC,
        };
        if (together)
            for (var i = 0; i < batch; i++)
                Simd.Run(1, job with { First = i, Batch = i + 1, PerChunk = 1 });
        else
            Simd.Run((batch + perChunk - 1) / perChunk, job);
    }

    /// <summary>Computes one product with the algorithm that suits its shape. It uses only the calling thread if that is a pool thread or
    /// the product is small.</summary>
    internal static void Multiply<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        if (product.Rows <= GemmRows.MostRows && product.AStep == 1 && (product.BStep == 1 || product.BColumn == 1))
            GemmRows.Multiply<L>(product);
        else if (product.Work <= ParallelWork)
        {
            GemmBlocks.MultiplySmall<L>(product);
            GemmFinish.Run<L>(product, 0, product.Rows, 0, product.Columns);
        }
        else
            GemmBlocks.MultiplyLarge<L>(product);
    }

    private struct BatchJob : IVectorJob
    {
        public MatrixProduct Product;
        public int First, Batch, PerChunk;
        public nint StrideA, StrideB, StrideC;

        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var start = First + chunk * PerChunk;
            for (var i = start; i < Math.Min(Batch, start + PerChunk); i++)
                Multiply<L>(Product with { A = Product.A + i * StrideA, B = Product.B + i * StrideB, C = Product.C + i * StrideC });
        }
    }
}

/// <summary>
/// A product with its operands: element (i, d) of the left factor is A[i * ARow + d * AStep], (d, j) of the right one B[j * BColumn + d *
/// BStep]; of each pair of strides one is 1.
/// </summary>
internal unsafe struct MatrixProduct
{
    public int Rows, Columns, Depth;
    public float Alpha, Beta;
    public float* A, B, C, Bias;
    public nint ARow, AStep, BColumn, BStep, CRow;
    public ProductFinish Finish;
    public float* Slopes;

    public MatrixProduct(
        bool transposeA, bool transposeB, int m, int n, int k, float alpha, float* a, nint lda, float* b, nint ldb,
        float beta, float* c, nint ldc, float* bias = null)
    {
        (Rows, Columns, Depth, Alpha, Beta) = (m, n, k, alpha, beta);
        A = a;
        B = b;
        C = c;
        Bias = bias;
        (ARow, AStep, CRow) = (transposeA ? 1 : lda, transposeA ? lda : 1, ldc);
        (BColumn, BStep) = (transposeB ? ldb : 1, transposeB ? 1 : ldb);
    }

    /// <summary>Multiply-adds.</summary>
    public readonly long Work => (long)Rows * Columns * Depth;
}
