namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        for (int i = 0; i < product.Batch; i++)
            Multiply(Floats(a) + i * product.StrideA, product.TransposeA, Floats(b) + i * product.StrideB, product.TransposeB, Floats(bias),
                Floats(c) + i * product.StrideC, product.M, product.N, product.K, accumulate);
    }

    internal override void GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k, bool transposeB, bool accumulate)
    {
        int* from = Ints(offsets);
        for (int e = 0; e < groups; e++)
            Multiply(Floats(a) + (long)from[e] * k, false, Floats(b) + (long)e * n * k, transposeB, null,
                Floats(c) + (long)from[e] * n, from[e + 1] - from[e], n, k, accumulate);
    }

    internal override void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
    {
        int* from = Ints(offsets);
        for (int e = 0; e < groups; e++)
            Multiply(Floats(a) + (long)from[e] * m, true, Floats(b) + (long)from[e] * n, false, null,
                Floats(c) + (long)e * m * n, m, n, from[e + 1] - from[e], accumulate);
    }

    private static void Multiply(float* a, bool transposeA, float* b, bool transposeB, float* bias, float* c, int m, int n, int k, bool accumulate)
    {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int p = 0; p < k; p++)
                    sum += a[transposeA ? (long)p * m + i : (long)i * k + p] * b[transposeB ? (long)j * k + p : (long)p * n + j];
                float value = (float)sum + (bias == null ? 0 : bias[j]);
                long at = (long)i * n + j;
                c[at] = accumulate ? c[at] + value : value;
            }
    }
}
