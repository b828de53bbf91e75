using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        var (batch, m, n, k, transposeA, transposeB, strideA, strideB, strideC) = product;
        FlopCounter.Count(batch, m, n, k);
        nint lda = transposeA ? m : k, ldb = transposeB ? k : n;
        float beta = accumulate ? 1 : 0;
        if (strideC > 0 || batch <= 1)
        {
            Gemm.MultiplyBatch(batch, transposeA, transposeB, m, n, k, 1, Floats(a), lda, (nint)strideA, Floats(b), ldb, (nint)strideB,
                beta, Floats(c), n, (nint)strideC, Floats(bias));
            return;
        }
        // All products go to one place: their sum, in order.
        for (var i = 0; i < batch; i++, beta = 1)
            Gemm.Multiply(transposeA, transposeB, m, n, k, 1, Floats(a) + i * strideA, lda, Floats(b) + i * strideB, ldb, beta, Floats(c),
                n, Floats(bias));
    }

    public override bool HasLinearGelu => true;

    public override void LinearGelu(int rows, int outputs, int inputs, Handle x, Handle weight, Handle bias, Handle y, Handle slopes,
        GeluForm form)
    {
        FlopCounter.Count(1, rows, outputs, inputs);
        Gemm.MultiplyAndFinish(true, rows, outputs, inputs, Floats(x), inputs, Floats(weight), inputs, Floats(y), outputs, Floats(bias),
            form == GeluForm.Exact ? ProductFinish.Gelu : ProductFinish.GeluTanh, Floats(slopes));
    }

    public override long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k, bool transposeB,
        bool accumulate, in IndexCheck check)
    {
        if (check.Operation is not null && Falling(Ints(offsets), groups, rows) is >= 0 and var bad)
            return bad;
        GroupedGemm.Multiply(groups, Ints(offsets), transposeB, n, k, Floats(a), Floats(b), accumulate ? 1 : 0, Floats(c));
        long used = Ints(offsets)[groups];
        FlopCounter.Count(1, used, n, k);
        if (!accumulate)
            new Span<float>(Floats(c) + used * n, checked((int)((rows - used) * n))).Clear();
        return -1;
    }

    // The first offset that is not 0 at the start, falls, or lies behind the rows.
    private static long Falling(int* offsets, int groups, long rows)
    {
        for (var i = 0; i <= groups; i++)
            if (offsets[i] > rows || (i == 0 ? offsets[0] != 0 : offsets[i] < offsets[i - 1]))
                return i;
        return -1;
    }

    public override void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
    {
        FlopCounter.Count(1, Ints(offsets)[groups], m, n);
        GroupedGemm.MultiplyTransposed(groups, Ints(offsets), m, n, Floats(a), Floats(b), accumulate ? 1 : 0, Floats(c));
    }
}
