using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Devices.Gpu;

// A step is run once with nothing done, and what the driver was asked for is kept (DeviceGraph).
internal sealed unsafe partial class GpuKernels
{
    private GpuCapture? capture;

    internal override Handle StartOf(RandomStream random, out ulong start)
    {
        start = 0;
        return capture?.StartOf(random, out start) ?? default;
    }

    /// <summary>Writes down what the step asks for; streams of random numbers stand afterwards where they stood.</summary>
    internal (GpuGraph Graph, GpuCapture Capture, ulong[] Advances) Capture(Action step)
    {
        if (capture is not null)
            throw new DeviceException($"A step is being captured on {Name} already.");
        NewEpoch();
        var taken = new GpuCapture(Own(GpuCapture.MostStreams * sizeof(ulong)));
        GpuGraph? graph = null;
        driver.BeginCapture();
        capture = taken;
        try
        {
            step();
        }
        catch
        {
            Finish();
            Release(graph, taken);
            throw;
        }
        ulong[] advances = [.. taken.Streams.Select(stream => stream.Stream.Position - stream.Start)];
        Finish();
        foreach (var (storage, content) in taken.Constants)
            driver.Upload(content, storage.Address, 0);
        return (graph!, taken, advances);

        void Finish()
        {
            capture = null;
            foreach (var (stream, start) in taken.Streams)
                stream.Position = start;
            NewEpoch();
            graph = driver.EndCapture();
            foreach (nint address in taken.Freed)
                driver.Free(address);
        }
    }

    internal void Replay(GpuGraph graph, GpuCapture taken, ulong[] advances)
    {
        RequireNoCapture("another captured step is replayed");
        NewEpoch();
        lock (gate)
        {
            Span<ulong> starts = stackalloc ulong[advances.Length];
            for (int i = 0; i < starts.Length; i++)
                starts[i] = taken.Streams[i].Stream.Position;
            if (starts.Length > 0)
                driver.Upload(MemoryMarshal.AsBytes(starts), taken.Positions.Address, 0);
            graph.Replay();
        }
        for (int i = 0; i < advances.Length; i++)
            taken.Streams[i].Stream.Position += advances[i];
    }

    internal void Release(GpuGraph? graph, GpuCapture taken)
    {
        lock (gate)
        {
            graph?.Dispose();
            driver.Free(taken.Positions.Address);
            foreach (var (storage, _) in taken.Constants)
                driver.Free(storage.Address);
        }
    }

    private void RequireNoCapture(string what)
    {
        if (capture is not null)
            throw new DeviceException($"A step that is captured on {Name} cannot be replayed: {what} in its midst. Do that before or after, or run the step without a graph.");
    }
}
