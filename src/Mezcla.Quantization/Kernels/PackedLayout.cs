using System.Runtime.Intrinsics;
using Mezcla.Tensors.Devices.Cpu;
using Mezcla.Tensors.Devices.Gpu;

namespace Mezcla.Quantization.Kernels;

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

    /// <summary>The same packing for the kernels of GPUs, which read halves as numbers and not as bits of a float too small.</summary>
    public abstract QuantizedLayout OnDevice(int rows, int columns, float factor);

    /// <summary>Packs one code into zeroed memory.</summary>
    public abstract void Pack(byte* block, int row, int column, int code);

    /// <summary>Decodes a row: (operands, panel, row of the panel, numbers).</summary>
    public abstract void Row(in ProductOperands o, int panel, int row, float* y);

    /// <summary>The kernel for the processor's vectors: (operands, panel, tokens of the group, results, floats from a token's results to the next's).</summary>
    public abstract delegate*<in ProductOperands, int, int, float*, int, void> Kernel { get; }
}

/// <inheritdoc/>
internal sealed unsafe class PackedLayout<C, S> : PackedLayout where C : unmanaged, IPackedCodes where S : unmanaged, IPackedScales
{
    public override int CodeBytes => C.Bytes;

    public override int ScaleBytes => S.Bytes;

    public override bool Signed => C.Signed;

    public override int SuperColumns => S.Blocks * 32;

    public override QuantizedLayout OnDevice(int rows, int columns, float factor) => new(C.Kind, C.Bytes, S.Kind, S.Bytes, S.Blocks, S.Zero,
        S.Kind < ExponentScales.Kind ? MathF.ScaleB(factor, 56 - 112) : 0.5f, rows, columns);

    public override void Pack(byte* block, int row, int column, int code) => C.Pack(block, row, column, code);

    public override delegate*<in ProductOperands, int, int, float*, int, void> Kernel => Simd.Level switch
    {
        SimdLevel.Vector512 when IntegerLanes512.IsSupported => &Panel<IntegerLanes512>,
        SimdLevel.Vector512 or SimdLevel.Vector256 when IntegerLanes256.IsSupported => &Panel<IntegerLanes256>,
        _ => &Panel<IntegerLanes128>,
    };

    public override void Row(in ProductOperands o, int panel, int row, float* y) => ProductKernel<IntegerLanes128, C, S>.Row(in o, panel, row, y);

    private static void Panel<L>(in ProductOperands o, int panel, int tokens, float* y, int yStride) where L : unmanaged, IIntegerLanes<L>
    {
        if (tokens == 1) ProductKernel<L, C, S>.One(in o, panel, y);
        else ProductKernel<L, C, S>.Several(in o, panel, tokens, y, yStride);
    }
}
