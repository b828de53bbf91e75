using System.Runtime.InteropServices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>Kernel tests change the number of threads and the vector width of the whole process, so nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelCollection
{
    public const string Name = "CPU kernels";
}

/// <summary>What tests of CPU kernels share: guarded memory, all vector widths, and comparisons with float64.</summary>
internal static unsafe class KernelTest
{
    /// <summary>Every vector width of this processor, narrowest first.</summary>
    public static IEnumerable<SimdLevel> Levels => Enum.GetValues<SimdLevel>().Where(level => level <= Simd.Best);

    /// <summary>Runs <paramref name="action"/> with each vector width, and with 1 and 4 threads, and
    /// demands the same bits from all (any NaN is as good as another).</summary>
    public static float[] OnEveryPath(Func<float[]> action, bool scalarToo = true)
    {
        var (level, threads) = (Simd.Level, CpuThreads.Count);
        float[]? first = null;
        var origin = "";
        try
        {
            foreach (var simd in Levels.Where(l => scalarToo || l > SimdLevel.Scalar).Reverse())
                foreach (var count in new[] { 1, 4 })
                {
                    (Simd.Level, CpuThreads.Count) = (simd, count);
                    var result = action();
                    var name = $"{simd} with {count} threads";
                    if (first is null)
                        (first, origin) = (result, name);
                    else
                        SameBits(first, result, $"{origin} and {name}");
                }
            return first!;
        }
        finally
        {
            (Simd.Level, CpuThreads.Count) = (level, threads);
        }
    }

    public static void SameBits(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i])
                && !(float.IsNaN(expected[i]) && float.IsNaN(actual[i])))
                Assert.Fail($"{what} differ at {i}: {expected[i]:R} and {actual[i]:R}");
    }

    /// <summary>Demands |actual - expected| &lt;= tolerance * (scale or |expected|), element by element.</summary>
    public static void Close(double[] expected, float[] actual, double tolerance, double scale = 0, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            if (!(Math.Abs(actual[i] - expected[i]) <= tolerance * Math.Max(scale, Math.Abs(expected[i]))))
                Assert.Fail($"{what} at {i}: expected {expected[i]:R}, got {actual[i]:R}");
    }

    public static float[] Random(int count, int seed, float low = -1, float high = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = low + (high - low) * random.NextSingle();
        return values;
    }
}

/// <summary>Native floats between two guard zones, starting at an address that is a multiple of 4 and of nothing more.</summary>
internal sealed unsafe class Guarded : IDisposable
{
    private const int Zone = 64;
    private const float Guard = 1234.5f;
    private readonly float* _memory;

    public Guarded(int count, float fill = float.NaN)
    {
        Count = count;
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)(count + 2 * Zone + 1) * sizeof(float), 64);
        for (var i = 0; i < count + 2 * Zone + 1; i++)
            _memory[i] = Guard;
        for (var i = 0; i < count; i++)
            Start[i] = fill;
    }

    public Guarded(float[] values) : this(values.Length) => values.CopyTo(new Span<float>(Start, Count));

    public int Count { get; }

    public float* Start => _memory + Zone + 1;

    public static implicit operator float*(Guarded memory) => memory.Start;

    /// <summary>The values, once the guard zones are found untouched.</summary>
    public float[] ToArray()
    {
        for (var i = 0; i < Zone; i++)
        {
            Assert.True(Start[-1 - i] == Guard, $"written {i + 1} floats before the start");
            Assert.True(Start[Count + i] == Guard, $"written {i} floats after the end");
        }
        return new Span<float>(Start, Count).ToArray();
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
