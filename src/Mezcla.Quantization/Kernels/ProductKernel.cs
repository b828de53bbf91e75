using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Mezcla.Quantization.Kernels;

/// <summary>Where a product's operands are.</summary>
internal unsafe struct ProductOperands
{
    /// <summary>Packed codes, panel after panel of 16 rows.</summary>
    public byte* Codes;

    /// <summary>Packed scales, panel after panel.</summary>
    public byte* Scales;

    /// <summary>The factor of the whole matrix.</summary>
    public float Factor;

    /// <summary>Blocks of 32 columns.</summary>
    public int Blocks;

    /// <summary>A group of <see cref="RoundedActivations"/>.</summary>
    public byte* X;
}

/// <summary>
/// The product of a panel of 16 rows with one activation row or with several at once. The weights of 32 columns are unpacked to eight
/// vectors. Each is multiplied with four activations that are repeated in every lane, so each lane sums the products of its own row, and no
/// sum across lanes is needed.
/// </summary>
internal static unsafe class ProductKernel<L, C, S> where L : unmanaged, IIntegerLanes<L> where C : IPackedCodes where S : IPackedScales
{
    /// <summary>How many bytes ahead of the codes being multiplied the prefetch reads.</summary>
    private const int Ahead = 8192;

    private const MethodImplOptions Fast = MethodImplOptions.AggressiveOptimization;

    /// <summary>Bytes of scales of a panel.</summary>
    public static long PanelScales(int blocks) => (long)(blocks / S.Blocks) * S.Bytes;

    /// <summary>16 results of a group of one token.</summary>
    [MethodImpl(Fast)]
    public static void One(in ProductOperands o, int panel, float* y)
    {
        for (var row = 0; row < 16; row += L.Rows)
        {
            byte* codes = o.Codes + (nint)panel * o.Blocks * C.Bytes + row * 4, scales = o.Scales + (nint)panel * PanelScales(o.Blocks),
                x = o.X;
            var sum = L.Zero;
            for (var super = o.Blocks / S.Blocks; super > 0; super--, scales += S.Bytes)
            {
                S.Super(scales, row, out L d, out L m);
                for (var i = 0; i < S.Blocks; i++, codes += C.Bytes, x += RoundedActivations.BlockBytes(C.Signed))
                {
                    // The processor's own prefetching stops at the end of each memory page. Prefetching beyond the end of the matrix is
                    // harmless.
                    if (Sse.IsSupported)
                        for (var line = 0; line < C.Bytes; line += 64)
                            Sse.Prefetch0(codes + Ahead + line);
                    C.Unpack(codes, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7);
                    sum = Accumulate(sum, x, i, scales, row, d, m, c0, c1, c2, c3, c4, c5, c6, c7);
                }
            }
            L.Store(y + row, L.Multiply(sum, L.Float(o.Factor)));
        }
    }

    /// <summary>Computes the results of a group of tokens; each token's results begin <paramref name="yStride"/> floats after those of the
    /// previous token.</summary>
    /// <remarks>The running sums are in memory: a loop over tokens keeps the unpacked weights
    /// in registers, and the code small enough to be inlined.</remarks>
    [MethodImpl(Fast)]
    public static void Several(in ProductOperands o, int panel, int tokens, float* y, int yStride)
    {
        var sums = stackalloc float[RoundedActivations.GroupTokens * 16];
        for (var row = 0; row < 16; row += L.Rows)
        {
            byte* codes = o.Codes + (nint)panel * o.Blocks * C.Bytes + row * 4, scales = o.Scales + (nint)panel * PanelScales(o.Blocks),
                x = o.X;
            for (var t = 0; t < tokens; t++)
                L.Store(sums + t * 16, L.Zero);
            for (var super = o.Blocks / S.Blocks; super > 0; super--, scales += S.Bytes)
            {
                S.Super(scales, row, out L d, out L m);
                for (var i = 0; i < S.Blocks; i++, codes += C.Bytes)
                {
                    C.Unpack(codes, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7);
                    var sum = sums;
                    for (var t = tokens; t > 0; t--, x += RoundedActivations.BlockBytes(C.Signed), sum += 16)
                        L.Store(sum, Accumulate(L.Load((byte*)sum), x, i, scales, row, d, m, c0, c1, c2, c3, c4, c5, c6, c7));
                }
            }
            for (var t = 0; t < tokens; t++)
                L.Store(y + (nint)t * yStride + row, L.Multiply(L.Load((byte*)(sums + t * 16)), L.Float(o.Factor)));
        }
    }

    /// <summary>Decodes row <paramref name="row"/> of a panel, by way of the vectors that hold it and its neighbours.</summary>
    public static void Row(in ProductOperands o, int panel, int row, float* y)
    {
        byte* codes = o.Codes + (nint)panel * o.Blocks * C.Bytes, scales = o.Scales + (nint)panel * PanelScales(o.Blocks);
        int first = row / L.Rows * L.Rows, lane = row % L.Rows;
        var block = stackalloc byte[8 * 64];
        var lanes = stackalloc float[3 * 16];
        var factor = o.Factor * S.Lift;
        for (var super = o.Blocks / S.Blocks; super > 0; super--, scales += S.Bytes)
        {
            S.Super(scales, first, out L d, out L m);
            for (var i = 0; i < S.Blocks; i++, codes += C.Bytes, y += 32)
            {
                C.Unpack(codes + first * 4, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7);
                Save(block, c0, c1, c2, c3, c4, c5, c6, c7);
                for (var group = 0; group < 32 / S.Group; group++)
                {
                    var number = i * (32 / S.Group) + group;
                    L.Store(lanes, S.Scale(scales, first, d, number));
                    L.Store(lanes + 16, S.Affine ? S.Minimum(scales, first, m, number) : L.Zero);
                    for (var column = group * S.Group; column < (group + 1) * S.Group; column++)
                    {
                        var code = block[column / 4 * 64 + lane * 4 + column % 4];
                        // Scale and factor differ greatly in magnitude; in this order each product stays in range.
                        y[column] = (float)(((double)lanes[lane] * ((C.Signed ? (sbyte)code : code) - S.Zero) - lanes[16 + lane]) * factor);
                    }
                }
            }
        }
    }

    private static void Save(byte* block, L c0, L c1, L c2, L c3, L c4, L c5, L c6, L c7)
    {
        L.Store((float*)block, c0);
        L.Store((float*)(block + 64), c1);
        L.Store((float*)(block + 128), c2);
        L.Store((float*)(block + 192), c3);
        L.Store((float*)(block + 256), c4);
        L.Store((float*)(block + 320), c5);
        L.Store((float*)(block + 384), c6);
        L.Store((float*)(block + 448), c7);
    }

    /// <summary>Adds one block's products, scaled, to a sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L Accumulate(L sum, byte* q, int i, byte* scales, int row, L d, L m, L c0, L c1, L c2, L c3, L c4, L c5, L c6, L c7)
    {
        var scale = *(float*)(q + RoundedActivations.Scale) * S.Lift;
        int firstSum = *(int*)(q + RoundedActivations.FirstSum), secondSum = *(int*)(q + RoundedActivations.SecondSum);
        if (C.Signed)
        {
            byte* magnitude = q, sign = q + RoundedActivations.Signs;
            var dot = L.Integer(L.SignedShortfall ? *(int*)(q + RoundedActivations.Shortfall) : 0);
            dot = L.DotSigned(dot, c0, magnitude, sign);
            dot = L.DotSigned(dot, c1, magnitude + 4, sign + 4);
            dot = L.DotSigned(dot, c2, magnitude + 8, sign + 8);
            dot = L.DotSigned(dot, c3, magnitude + 12, sign + 12);
            dot = L.DotSigned(dot, c4, magnitude + 16, sign + 16);
            dot = L.DotSigned(dot, c5, magnitude + 20, sign + 20);
            dot = L.DotSigned(dot, c6, magnitude + 24, sign + 24);
            dot = L.DotSigned(dot, c7, magnitude + 28, sign + 28);
            return L.MultiplyAdd(L.ToFloats(dot), L.Multiply(S.Scale(scales, row, d, i), L.Float(scale)), sum);
        }
        if (S.Group == 32)
        {
            var dot = S.Affine || S.Zero == 0 ? L.Zero : L.Integer(-S.Zero * (firstSum + secondSum));
            if (C.Steps16 == 8)
            {
                var all = L.Dot(L.Zero, c0, L.Word(q));
                all = L.Dot(all, c1, L.Word(q + 4));
                all = L.Dot(all, c2, L.Word(q + 8));
                all = L.Dot(all, c3, L.Word(q + 12));
                all = L.Dot(all, c4, L.Word(q + 16));
                all = L.Dot(all, c5, L.Word(q + 20));
                all = L.Dot(all, c6, L.Word(q + 24));
                all = L.Dot(all, c7, L.Word(q + 28));
                dot = L.AddIntegers(dot, L.Finish(all));
            }
            else
                dot = L.AddIntegers(dot, L.AddIntegers(Half(q, c0, c1, c2, c3), Half(q + 16, c4, c5, c6, c7)));
            sum = L.MultiplyAdd(L.ToFloats(dot), L.Multiply(S.Scale(scales, row, d, i), L.Float(scale)), sum);
            return S.Affine ? L.MultiplyAdd(S.Minimum(scales, row, m, i), L.Float(-scale * (firstSum + secondSum)), sum) : sum;
        }
        L first = Half(q, c0, c1, c2, c3), second = Half(q + 16, c4, c5, c6, c7);
        if (S.Zero != 0)
        {
            first = L.AddIntegers(first, L.Integer(-S.Zero * firstSum));
            second = L.AddIntegers(second, L.Integer(-S.Zero * secondSum));
        }
        var factor = L.Float(scale);
        sum = L.MultiplyAdd(L.ToFloats(first), L.Multiply(S.Scale(scales, row, d, i * 2), factor), sum);
        sum = L.MultiplyAdd(L.ToFloats(second), L.Multiply(S.Scale(scales, row, d, i * 2 + 1), factor), sum);
        if (!S.Affine)
            return sum;
        sum = L.MultiplyAdd(S.Minimum(scales, row, m, i * 2), L.Float(-scale * firstSum), sum);
        return L.MultiplyAdd(S.Minimum(scales, row, m, i * 2 + 1), L.Float(-scale * secondSum), sum);
    }

    /// <summary>The products of 16 columns, in as many parts as 16 bits demand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static L Half(byte* q, L c0, L c1, L c2, L c3)
    {
        L first = L.Dot(L.Dot(L.Zero, c0, L.Word(q)), c1, L.Word(q + 4));
        if (C.Steps16 >= 4)
            return L.Finish(L.Dot(L.Dot(first, c2, L.Word(q + 8)), c3, L.Word(q + 12)));
        return L.AddIntegers(L.Finish(first), L.Finish(L.Dot(L.Dot(L.Zero, c2, L.Word(q + 8)), c3, L.Word(q + 12))));
    }
}
