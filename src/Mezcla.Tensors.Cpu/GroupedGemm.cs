using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Matrix products of rows sorted by group, a matrix for each group: the experts of a Mixture of Experts. Group g owns rows offsets[g] to
/// offsets[g + 1]; a group may have none (Gale et al., "MegaBlocks", 2022, computes the same without padding).
/// </summary>
internal static unsafe class GroupedGemm
{
    /// <summary>
    /// C[rows of g, n] = A[rows of g, k] op(B[g]) + beta * C: forward, and with the other transposition the gradient of A. B[g] is [k, n],
    /// or transposed [n, k], dense.
    /// </summary>
    public static void Multiply(int groups, int* offsets, bool transposeB, int n, int k, float* a, float* b, float beta, float* c) =>
        Run(new Job
        {
            Groups = groups,
            Offsets = offsets,
            Columns = n,
            Depth = k,
            TransposeB = transposeB,
            A = a,
            B = b,
            C = c,
            Beta = beta,
        }, (long)offsets[groups] * n * k);

    /// <summary>C[g][m, n] = A[rows of g, m]ᵀ B[rows of g, n] + beta * C[g]: the gradient of the groups' matrices.</summary>
    public static void MultiplyTransposed(int groups, int* offsets, int m, int n, float* a, float* b, float beta, float* c) =>
        Run(new Job
        {
            Groups = groups,
            Offsets = offsets,
            Rows = m,
            Columns = n,
            TransposeA = true,
            A = a,
            B = b,
            C = c,
            Beta = beta,
        }, (long)offsets[groups] * m * n);

    private static void Run(Job job, long work)
    {
        if (job.Groups == 0)
            return;
        // Large groups are computed one after the other by all threads; small groups get one thread each.
        if (work / job.Groups < 1 << 20)
            Simd.Run(job.Groups, job);
        else
            for (var g = 0; g < job.Groups; g++)
                Simd.Run(1, job with { First = g });
    }

    private struct Job : IVectorJob
    {
        public int Groups, First, Rows, Columns, Depth;
        public bool TransposeA, TransposeB;
        public int* Offsets;
        public float* A, B, C;
        public float Beta;

        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var g = First + chunk;
            nint start = Offsets[g];
            var count = Offsets[g + 1] - Offsets[g];
            if (TransposeA)
            {
                Gemm.Multiply<L>(
                    new MatrixProduct(true, false, Rows, Columns, count, 1, A + start * Rows, Rows, B + start * Columns, Columns,
                        Beta, C + (nint)g * Rows * Columns, Columns));
                return;
            }
            if (count == 0)
                return;
            Gemm.Multiply<L>(new MatrixProduct(false, TransposeB, count, Columns, Depth, 1, A + start * Depth, Depth,
                B + (nint)g * Columns * Depth, TransposeB ? Depth : Columns, Beta, C + start * Columns, Columns));
        }
    }
}
