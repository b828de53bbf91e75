namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// C[r] (+)= A[r]·op(B[e]) for the rows r of each group e, which are offsets[e]..offsets[e + 1]. Rows after the last group belong to no
    /// group: their product is 0.
    /// </summary>
    public override long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k,
        bool transposeB, bool accumulate, in IndexCheck check)
    {
        var starts = Ints(offsets);
        for (var e = 0; e <= groups && check.Operation is not null; e++)
            if (starts[e] > rows || (e == 0 ? starts[e] != 0 : starts[e] < starts[e - 1]))
                return e;
        FlopCounter.Count(1, starts[groups], n, k);
        NumberSpan<float> left = Floats(a), right = Floats(b), to = Floats(c);
        var (columnB, alongB) = transposeB ? (k, 1) : (1, n);
        for (var e = 0; e < groups; e++)
            for (long r = starts[e]; r < starts[e + 1]; r++)
                for (long j = 0; j < n; j++)
                    Put(ref to[r * n + j], Dot(left, r * k, 1, right, (long)e * n * k + j * columnB, alongB, k), accumulate);
        if (!accumulate)
            Fill(c.Plus(4L * starts[groups] * n), (rows - starts[groups]) * n, 0);
        return -1;
    }

    /// <summary>C[e] (+)= A[rows of e]ᵀ·B[rows of e]: the gradient of the matrix of each group; 0 for a group without rows.</summary>
    public override void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
    {
        var starts = Ints(offsets);
        FlopCounter.Count(1, starts[groups], m, n);
        NumberSpan<float> left = Floats(a), right = Floats(b), to = Floats(c);
        for (var e = 0; e < groups; e++)
            for (long i = 0; i < m; i++)
                for (long j = 0; j < n; j++)
                {
                    var sum = Dot(left, (long)starts[e] * m + i, m, right, (long)starts[e] * n + j, n, starts[e + 1] - starts[e]);
                    Put(ref to[((long)e * m + i) * n + j], sum, accumulate);
                }
    }
}
