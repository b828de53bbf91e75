namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// C[b] (+)= op(A[b])·op(B[b]) (+ bias). If all products of a batch share one C (its stride is 0), C becomes their sum.
    /// </summary>
    public override void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        var (batch, m, n, k, transposeA, transposeB, strideA, strideB, strideC) = product;
        FlopCounter.Count(batch, m, n, k);
        NumberSpan<float> left = Floats(a), right = Floats(b), to = Floats(c);
        // Strides: from one row of op(A) to the next, and within a row; from one column of op(B) to the next, and within a column.
        var (rowA, alongA) = transposeA ? (1, m) : (k, 1);
        var (columnB, alongB) = transposeB ? (k, 1) : (1, n);
        for (long p = 0; p < batch; p++)
            for (long i = 0; i < m; i++)
                for (long j = 0; j < n; j++)
                {
                    var sum = Dot(left, p * strideA + i * rowA, alongA, right, p * strideB + j * columnB, alongB, k);
                    Put(ref to[p * strideC + i * n + j], sum + ValueOr(bias, j, 0), accumulate || (p > 0 && strideC == 0));
                }
    }
}
