using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Kernels;

/// <summary>
/// Rows of activations as signed bytes, each 32 with a scale max|x|/127. Up to <see cref="GroupTokens"/> rows form a group, in which the
/// blocks of 32 stand as the kernels read them: block 0 of each row, block 1 of each row, and so on. A block is one cache line: 32 bytes,
/// the float scale, the sums of the first and last 16, and the sum of the magnitudes of negative numbers. For signed weights the bytes are
/// magnitudes, and 32 bytes of signs (0 or −1) follow.
/// </summary>
internal sealed unsafe class RoundedActivations : IDisposable
{
    /// <summary>Rows of a group; the last may have fewer.</summary>
    public const int GroupTokens = 16;

    /// <summary>Where in a block the parts start.</summary>
    public const int Scale = 32, FirstSum = 36, SecondSum = 40, Shortfall = 44, Signs = 64;

    private const int RowsAtOnce = 4;

    private byte* _memory;
    private nuint _capacity;
    private int _count, _columns;
    private bool _signed;

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(bool signed) => signed ? 96 : 64;

    /// <summary>The first group.</summary>
    public byte* Start => _memory;

    /// <summary>Quantizes <paramref name="count"/> rows. A row with a NaN or an infinity gets a
    /// scale that is NaN, so that results are NaN and not merely wrong.</summary>
    public void Set(ReadOnlySpan<float> x, int count, int columns, bool signed)
    {
        (_count, _columns, _signed) = (count, columns, signed);
        var needed = (nuint)((long)columns / 32 * BlockBytes(signed) * count);
        if (needed > _capacity)
        {
            Free();
            _memory = (byte*)NativeMemory.AlignedAlloc(needed, 64);
            _capacity = needed;
        }
        fixed (float* start = x)
        {
            var self = GCHandle.Alloc(this);
            try
            {
                var job = new Job { Self = GCHandle.ToIntPtr(self), X = start };
                CpuThreads.Run((count + RowsAtOnce - 1) / RowsAtOnce, ref job);
            }
            finally
            {
                self.Free();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    ~RoundedActivations() => Free();

    private struct Job : IParallelJob
    {
        public nint Self;
        public float* X;

        public readonly void Run(int chunk)
        {
            var self = (RoundedActivations)GCHandle.FromIntPtr(Self).Target!;
            for (var row = chunk * RowsAtOnce; row < Math.Min((chunk + 1) * RowsAtOnce, self._count); row++)
                self.SetRow(new ReadOnlySpan<float>(X + (nint)row * self._columns, self._columns), row);
        }
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _capacity = 0;
    }

    private void SetRow(ReadOnlySpan<float> x, int row)
    {
        int first = row / GroupTokens * GroupTokens, rows = Math.Min(GroupTokens, _count - first), bytes = BlockBytes(_signed);
        var block = _memory + ((nint)first * (_columns / 32) + row - first) * bytes;
        for (var column = 0; column < _columns; column += 32, block += rows * bytes)
        {
            var part = x.Slice(column, 32);
            var most = MaxMagnitude(part);
            var scale = most / 127;
            var inverse = Vector128.Create(scale > 0 && float.IsFinite(1 / scale) ? 1 / scale : 0);
            *(float*)(block + Scale) = float.IsFinite(most) ? scale : float.NaN;
            Vector128<sbyte> lower = Round(part, inverse), upper = Round(part[16..], inverse), lowerSigns = lower >> 7,
                upperSigns = upper >> 7;
            Vector128<sbyte> lowerMagnitudes = (lower ^ lowerSigns) - lowerSigns, upperMagnitudes = (upper ^ upperSigns) - upperSigns;
            *(int*)(block + FirstSum) = Total(lower);
            *(int*)(block + SecondSum) = Total(upper);
            *(int*)(block + Shortfall) = Total(lowerMagnitudes & lowerSigns) + Total(upperMagnitudes & upperSigns);
            (_signed ? lowerMagnitudes : lower).Store((sbyte*)block);
            (_signed ? upperMagnitudes : upper).Store((sbyte*)block + 16);
            if (!_signed)
                continue;
            lowerSigns.Store((sbyte*)block + Signs);
            upperSigns.Store((sbyte*)block + Signs + 16);
        }
    }

    private static float MaxMagnitude(ReadOnlySpan<float> x)
    {
        var max = Vector128<float>.Zero;
        for (var i = 0; i < 32; i += 4)
            max = Vector128.Max(max, Vector128.Abs(Vector128.Create(x.Slice(i, 4)))); // a NaN stays
        return MathF.Max(MathF.Max(max[0], max[1]), MathF.Max(max[2], max[3]));
    }

    /// <summary>16 numbers, each times the factor, to the nearest.</summary>
    private static Vector128<sbyte> Round(ReadOnlySpan<float> x, Vector128<float> factor)
    {
        var first = Vector128.Narrow(Four(x, factor), Four(x[4..], factor));
        return Vector128.Narrow(first, Vector128.Narrow(Four(x[8..], factor), Four(x[12..], factor)));

        static Vector128<int> Four(ReadOnlySpan<float> x, Vector128<float> factor) =>
            Vector128.ConvertToInt32(Vector128.Round(Vector128.Create(x) * factor));
    }

    private static int Total(Vector128<sbyte> values)
    {
        var (lower, upper) = Vector128.Widen(values);
        return Vector128.Sum(lower + upper); // 16·127 fits in 16 bits
    }
}
