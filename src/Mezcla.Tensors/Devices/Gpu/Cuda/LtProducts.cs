using System.Numerics;

namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>
/// Products by cuBLASLt on one stream. What a product of some shape needs, its descriptions and the algorithm that the library chose, is made once and kept: asking again costs more than a
/// small product.
/// </summary>
internal sealed unsafe class LtProducts
{
    /// <summary>What NVIDIA advises for its largest cards.</summary>
    internal const int WorkspaceBytes = 32 << 20;

    private readonly CuBlasLt library;
    private readonly nint handle, stream;
    private readonly ulong workspace;
    private readonly Dictionary<Key, Plan?> plans = [];

    /// <summary>In the current context, with <see cref="WorkspaceBytes"/> of the device's memory.</summary>
    internal LtProducts(CuBlasLt library, nint stream, ulong workspace)
    {
        (this.library, this.stream, this.workspace) = (library, stream, workspace);
        nint made;
        library.Check(library.Create(&made), "cublasLtCreate");
        handle = made;
    }

    /// <summary>How many kinds of products are planned, and how many of them the library cannot do.</summary>
    internal (int All, int Refused) Plans => (plans.Count, plans.Values.Count(plan => plan is null));

    /// <summary>
    /// C (+)= op(A)·op(B) + bias, with factors of bfloat16 where <paramref name="narrow"/>, else of float32; sums, bias and C are float32. False where the library has no algorithm for that.
    /// The library thinks in columns: what it reads is the transpose of every row-major matrix, so it is asked for Cᵀ = op(B)ᵀ·op(A)ᵀ, whose every column gets the bias.
    /// </summary>
    internal bool Multiply(in Product product, bool narrow, ulong a, ulong b, ulong bias, ulong c, bool accumulate)
    {
        var key = new Key(product, narrow, bias != 0, Alignment(a), Alignment(b), Alignment(c), bias == 0 ? 0 : Alignment(bias));
        if (!plans.TryGetValue(key, out var plan))
            plans[key] = plan = Make(key, bias);
        if (plan is null)
            return false;
        if (bias != 0)
            library.Check(library.DescriptionSet(plan.Description, CuBlasLt.BiasPointer, &bias, sizeof(ulong)), "cublasLtMatmulDescSetAttribute");
        float one = 1, keep = accumulate ? 1 : 0;
        var algorithm = plan.Algorithm;
        library.Check(library.Multiply(handle, plan.Description, &one, b, plan.First, a, plan.Second, &keep, c, plan.Result, c, plan.Result, &algorithm, workspace, plan.Workspace, stream), "cublasLtMatmul");
        return true;
    }

    private Plan? Make(in Key key, ulong bias)
    {
        var p = key.Product;
        nint made, preference;
        library.Check(library.DescriptionCreate(&made, CuBlasLt.ComputeFloat32, CuBlasLt.Float32), "cublasLtMatmulDescCreate");
        nint description = made;
        Set(CuBlasLt.TransposeA, p.TransposeB ? 1 : 0);
        Set(CuBlasLt.TransposeB, p.TransposeA ? 1 : 0);
        if (key.Bias)
        {
            Set(CuBlasLt.Epilogue, CuBlasLt.AddBias);
            library.Check(library.DescriptionSet(description, CuBlasLt.BiasPointer, &bias, sizeof(ulong)), "cublasLtMatmulDescSetAttribute");
        }
        int factors = key.Narrow ? CuBlasLt.BFloat16 : CuBlasLt.Float32;
        nint first = Layout(factors, p.TransposeB ? p.K : p.N, p.TransposeB ? p.N : p.K, p.Batch, p.StrideB),
            second = Layout(factors, p.TransposeA ? p.M : p.K, p.TransposeA ? p.K : p.M, p.Batch, p.StrideA),
            result = Layout(CuBlasLt.Float32, p.N, p.M, p.Batch, p.StrideC);
        library.Check(library.PreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
        ulong most = WorkspaceBytes;
        library.Check(library.PreferenceSet(preference, CuBlasLt.MostWorkspace, &most, sizeof(ulong)), "cublasLtMatmulPreferenceSetAttribute");
        ReadOnlySpan<uint> alignments = [key.AlignmentB, key.AlignmentA, key.AlignmentC, key.AlignmentC];
        for (int i = 0; i < alignments.Length; i++)
        {
            uint bytes = alignments[i];
            library.Check(library.PreferenceSet(preference, CuBlasLt.LeastAlignmentA + i, &bytes, sizeof(uint)), "cublasLtMatmulPreferenceSetAttribute");
        }
        CuBlasLt.Heuristic best;
        int found = 0;
        int status = library.Choose(handle, description, first, second, result, result, preference, 1, &best, &found);
        library.Check(library.PreferenceDestroy(preference), "cublasLtMatmulPreferenceDestroy");
        return status == CuBlasLt.Success && found > 0 && best.State == CuBlasLt.Success ? new Plan(description, first, second, result, best.Algorithm, best.Workspace) : null;

        void Set(int attribute, int value) => library.Check(library.DescriptionSet(description, attribute, &value, sizeof(int)), "cublasLtMatmulDescSetAttribute");
    }

    // Columns lie one behind the other, as the rows of ours do.
    private nint Layout(int type, int rows, int columns, int batch, long stride)
    {
        nint layout;
        library.Check(library.LayoutCreate(&layout, type, (ulong)rows, (ulong)columns, rows), "cublasLtMatrixLayoutCreate");
        if (batch > 1)
        {
            library.Check(library.LayoutSet(layout, CuBlasLt.BatchCount, &batch, sizeof(int)), "cublasLtMatrixLayoutSetAttribute");
            library.Check(library.LayoutSet(layout, CuBlasLt.BatchStride, &stride, sizeof(long)), "cublasLtMatrixLayoutSetAttribute");
        }
        return layout;
    }

    // Of what the library asks about: 256 bytes are as good as more.
    private static uint Alignment(ulong address) => 1u << Math.Min(BitOperations.TrailingZeroCount(address), 8);

    private readonly record struct Key(Product Product, bool Narrow, bool Bias, uint AlignmentA, uint AlignmentB, uint AlignmentC, uint AlignmentBias);

    private sealed record Plan(nint Description, nint First, nint Second, nint Result, CuBlasLt.Algorithm Algorithm, nuint Workspace);
}
