using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// C[r] (+)= A[r]·op(B[e]) for the rows r of each group e, which are offsets[e]..offsets[e + 1]. Rows behind the last group belong to none:
    /// their product is 0.
    /// </summary>
    public override long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k,
        bool transposeB, bool accumulate, in IndexCheck check)
    {
        var starts = Ints(offsets);
        for (var e = 0; e <= groups && check.Operation is not null; e++)
            if (starts[e] > rows || (e == 0 ? starts[e] != 0 : starts[e] < starts[e - 1]))
                return e;
        FlopCounter.Count(1, starts[groups], n, k);
        Numbers<float> left = Floats(a), right = Floats(b), to = Floats(c);
        for (var e = 0; e < groups; e++)
            for (long r = starts[e]; r < starts[e + 1]; r++)
                for (long j = 0; j < n; j++)
                {
                    var sum = 0.0;
                    for (long d = 0; d < k; d++)
                        sum += (double)left[r * k + d] * right[(long)e * n * k + (transposeB ? j * k + d : d * n + j)];
                    Put(ref to[r * n + j], sum, accumulate);
                }
        if (!accumulate)
            Fill(c.Plus(4L * starts[groups] * n), (rows - starts[groups]) * n, 0);
        return -1;
    }

    /// <summary>C[e] (+)= A[rows of e]ᵀ·B[rows of e]: the derivative by the matrices of the groups; 0 for a group without rows.</summary>
    public override void GroupedOuter(
        Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
    {
        var starts = Ints(offsets);
        FlopCounter.Count(1, starts[groups], m, n);
        Numbers<float> left = Floats(a), right = Floats(b), to = Floats(c);
        for (var e = 0; e < groups; e++)
            for (long i = 0; i < m; i++)
                for (long j = 0; j < n; j++)
                {
                    var sum = 0.0;
                    for (long r = starts[e]; r < starts[e + 1]; r++)
                        sum += (double)left[r * m + i] * right[r * n + j];
                    Put(ref to[((long)e * m + i) * n + j], sum, accumulate);
                }
    }
}
