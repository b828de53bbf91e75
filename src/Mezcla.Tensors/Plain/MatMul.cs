using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>C[b] (+)= op(A[b])·op(B[b]) (+ bias). Where products of a batch share one C (its stride is 0), it becomes their sum.</summary>
    public override void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        var (batch, m, n, k, transposeA, transposeB, strideA, strideB, strideC) = product;
        FlopCounter.Count(batch, m, n, k);
        Numbers<float> left = Floats(a), right = Floats(b), biases = Floats(bias), to = Floats(c);
        for (long p = 0; p < batch; p++)
            for (long i = 0; i < m; i++)
                for (long j = 0; j < n; j++)
                {
                    double sum = biases.IsNull ? 0 : biases[j];
                    for (long d = 0; d < k; d++)
                    {
                        var inA = transposeA ? d * m + i : i * k + d;
                        var inB = transposeB ? j * k + d : d * n + j;
                        sum += (double)left[p * strideA + inA] * right[p * strideB + inB];
                    }
                    Put(ref to[p * strideC + i * n + j], sum, accumulate || (p > 0 && strideC == 0));
                }
    }
}
