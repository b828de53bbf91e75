using System.Runtime.Intrinsics;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Kernels;

/// <summary>A packed matrix [rows, columns] in numbers, for kernels on other devices that read the same packing.</summary>
/// <param name="Codes">Which packing of codes: <see cref="IPackedCodes.Kind"/>.</param>
/// <param name="CodeBytes">Bytes of codes of 16 rows by 32 columns.</param>
/// <param name="Scales">Which packing of scales: <see cref="IPackedScales.Kind"/>.</param>
/// <param name="ScaleBytes">Bytes of scales of 16 rows by one super-block.</param>
/// <param name="SuperBlocks">Blocks of 32 columns in a super-block.</param>
/// <param name="Zero">The code that stands for zero.</param>
/// <param name="Factor">The factor of the whole matrix.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Columns">Inputs.</param>
internal readonly record struct PackingDescription(int Codes, int CodeBytes, int Scales, int ScaleBytes, int SuperBlocks, int Zero,
    float Factor, int Rows, int Columns);

/// <summary>A packing of codes and scales, and the kernels that multiply with it.</summary>
internal abstract unsafe class PackedLayout
{
    /// <summary>Bytes of codes of 16 rows by 32 columns.</summary>
    public abstract int CodeBytes { get; }

    /// <summary>Bytes of scales of 16 rows by <see cref="SuperColumns"/>.</summary>
    public abstract int ScaleBytes { get; }

    /// <summary>Columns of a super-block.</summary>
    public abstract int SuperColumns { get; }

    /// <summary>Whether codes are signed bytes.</summary>
    public abstract bool Signed { get; }

    /// <summary>
    /// This packing as kernels on other devices see it. They decode a half-precision scale to its value. The CPU kernels only move its bits
    /// into a float, which gives a much smaller number, so the factor differs.
    /// </summary>
    public abstract PackingDescription Describe(int rows, int columns, float factor);

    /// <summary>Packs 32 codes of a row into zeroed memory.</summary>
    public abstract void Pack(byte* block, int row, ReadOnlySpan<int> codes);

    /// <summary>Decodes a row: (operands, panel, row of the panel, numbers).</summary>
    public abstract void Row(in ProductOperands o, int panel, int row, float* y);

    /// <summary>The kernel for the processor's vectors: (operands, panel, tokens of the group,
    /// results, floats from a token's results to the next's).</summary>
    public abstract delegate*<in ProductOperands, int, int, float*, int, void> Kernel { get; }
}

/// <inheritdoc/>
internal sealed unsafe class PackedLayout<C, S> : PackedLayout where C : unmanaged, IPackedCodes where S : unmanaged, IPackedScales
{
    public override int CodeBytes => C.Bytes;

    public override int ScaleBytes => S.Bytes;

    public override bool Signed => C.Signed;

    public override int SuperColumns => S.Blocks * 32;

    public override PackingDescription Describe(int rows, int columns, float factor) =>
        new(C.Kind, C.Bytes, S.Kind, S.Bytes, S.Blocks, S.Zero,
            S.Kind < ExponentScales.Kind ? MathF.ScaleB(factor, 56 - 112) : 0.5f, rows, columns);

    public override void Pack(byte* block, int row, ReadOnlySpan<int> codes)
    {
        for (var column = 0; column < 32; column++)
            C.Pack(block, row, column, codes[column]);
    }

    public override delegate*<in ProductOperands, int, int, float*, int, void> Kernel => Simd.Level switch
    {
        SimdLevel.Vector512 when IntegerLanes512.IsSupported => &Panel<IntegerLanes512>,
        SimdLevel.Vector512 or SimdLevel.Vector256 when IntegerLanes256.IsSupported => &Panel<IntegerLanes256>,
        _ => &Panel<IntegerLanes128>,
    };

    public override void Row(in ProductOperands o, int panel, int row, float* y) =>
        ProductKernel<IntegerLanes128, C, S>.Row(in o, panel, row, y);

    private static void Panel<L>(in ProductOperands o, int panel, int tokens, float* y, int yStride) where L : unmanaged, IIntegerLanes<L>
    {
        if (tokens == 1)
            ProductKernel<L, C, S>.One(in o, panel, y);
        else
            ProductKernel<L, C, S>.Several(in o, panel, tokens, y, yStride);
    }
}
