using System.Runtime.InteropServices;

namespace Mezcla.Benchmarks;

/// <summary>Native arrays to multiply.</summary>
internal static unsafe class RandomFloats
{
    /// <summary>Numbers in [-0.5, 0.5), aligned to 64 bytes, to be freed with <see cref="NativeMemory.AlignedFree"/>.</summary>
    public static float* Allocate(long count)
    {
        var data = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        var random = new Random(1);
        for (var i = 0L; i < count; i++)
            data[i] = random.NextSingle() - 0.5f;
        return data;
    }
}
