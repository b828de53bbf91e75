using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Work on neighbouring elements (or rows), any range of which can be done by itself.</summary>
internal interface IRangeJob
{
    void Run(long from, long to);
}

/// <summary>Cuts ranges into chunks for the threads. Results never depend on where the cuts are.</summary>
internal static class CpuRanges
{
    /// <summary>Runs a job over 0..<paramref name="n"/>, elements of which cost as
    /// much as <paramref name="weight"/> floats to copy.</summary>
    internal static void Run<TJob>(long n, long weight, TJob job) where TJob : unmanaged, IRangeJob
    {
        var perChunk = Math.Max(1, StridedLoop.ChunkFloats / Math.Max(1, weight));
        var chunks = new Chunks<TJob> { Job = job, Count = n, PerChunk = perChunk };
        CpuThreads.Run(checked((int)((n + perChunk - 1) / perChunk)), ref chunks);
    }

    private struct Chunks<TJob> : IParallelJob where TJob : unmanaged, IRangeJob
    {
        public TJob Job;
        public long Count, PerChunk;

        public void Run(int chunk) => Job.Run(chunk * PerChunk, Math.Min(Count, (chunk + 1) * PerChunk));
    }
}
