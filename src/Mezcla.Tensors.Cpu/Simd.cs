using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>The vector instructions that the kernels may use, narrowest first.</summary>
public enum SimdLevel
{
    /// <summary>None: plain floats, a reference for the others.</summary>
    Scalar,

    /// <summary>128 bits: SSE, NEON.</summary>
    Vector128,

    /// <summary>256 bits with fused multiply-add: AVX2.</summary>
    Vector256,

    /// <summary>512 bits: AVX-512.</summary>
    Vector512,
}

/// <summary>Work written once for any vector width: the generic argument is the width to use.</summary>
internal interface IVectorJob
{
    /// <summary>Does chunk <paramref name="chunk"/> with the lanes <typeparamref name="L"/>.</summary>
    void Run<L>(int chunk) where L : unmanaged, ILanes<L>;
}

/// <summary>Chooses the vector width at start (MEZCLA_SIMD = 512, 256, 128 or scalar forces one) and runs jobs with it.</summary>
public static class Simd
{
    private static SimdLevel? _level;

    /// <summary>The widest level that this processor has.</summary>
    public static SimdLevel Best { get; } =
        Vector512.IsHardwareAccelerated ? SimdLevel.Vector512
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? SimdLevel.Vector256
        : Vector128.IsHardwareAccelerated ? SimdLevel.Vector128 : SimdLevel.Scalar;

    /// <summary>The level in use. All levels give the same bits on a processor with fused multiply-add.</summary>
    public static SimdLevel Level
    {
        get => _level ??= Initial();
        set => _level = value <= Best ? value
            : throw new ArgumentException($"This processor has no {value}; its widest is {Best}.");
    }

    /// <summary>Runs the chunks of <paramref name="job"/> on the calling thread and the pool.</summary>
    internal static void Run<TJob>(int chunks, TJob job) where TJob : unmanaged, IVectorJob
    {
        switch (Level)
        {
            case SimdLevel.Vector512:
                Run<TJob, Lanes512>(chunks, ref job);
                break;
            case SimdLevel.Vector256:
                Run<TJob, Lanes256>(chunks, ref job);
                break;
            case SimdLevel.Vector128:
                Run<TJob, Lanes128>(chunks, ref job);
                break;
            default:
                Run<TJob, LanesScalar>(chunks, ref job);
                break;
        }
    }

    private static void Run<TJob, L>(int chunks, ref TJob job) where TJob : unmanaged, IVectorJob where L : unmanaged, ILanes<L>
    {
        var parallel = new With<TJob, L> { Job = job };
        CpuThreads.Run(chunks, ref parallel);
    }

    private struct With<TJob, L> : IParallelJob where TJob : unmanaged, IVectorJob where L : unmanaged, ILanes<L>
    {
        public TJob Job;

        public void Run(int chunk) => Job.Run<L>(chunk);
    }

    private static SimdLevel Initial()
    {
        var text = Environment.GetEnvironmentVariable("MEZCLA_SIMD");
        SimdLevel? wanted = text?.Trim().ToLowerInvariant() switch
        {
            null or "" => Best,
            "512" => SimdLevel.Vector512,
            "256" => SimdLevel.Vector256,
            "128" => SimdLevel.Vector128,
            "scalar" => SimdLevel.Scalar,
            _ => null,
        };
        return wanted is { } level && level <= Best ? level
            : throw new ArgumentException(
                $"MEZCLA_SIMD is \"{text}\": it must be 512, 256, 128 or scalar, and this processor's widest is {Best}.");
    }
}
