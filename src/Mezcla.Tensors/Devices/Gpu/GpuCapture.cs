namespace Mezcla.Tensors.Devices.Gpu;

/// <summary>What a step that is being captured needs besides launches: numbers that never change, and where random streams stand when it is replayed.</summary>
internal sealed class GpuCapture(Storage positions)
{
    /// <summary>How many streams a step may draw from.</summary>
    internal const int MostStreams = 64;

    /// <summary>Memory that was given back meanwhile, which launches that still run may use.</summary>
    internal List<nint> Freed { get; } = [];

    internal List<(Storage Storage, byte[] Content)> Constants { get; } = [];

    internal List<(RandomStream Stream, ulong Start)> Streams { get; } = [];

    internal Storage Positions => positions;

    internal Handle Constant(Storage storage, byte[] content)
    {
        Constants.Add((storage, content));
        return new Handle(storage, 0);
    }

    internal Handle StartOf(RandomStream random, out ulong start)
    {
        int at = Streams.FindIndex(stream => stream.Stream == random);
        if (at < 0)
        {
            if (Streams.Count == MostStreams)
                throw new DeviceException($"A captured step draws from more than {MostStreams} random streams.");
            at = Streams.Count;
            Streams.Add((random, random.Position));
        }
        start = Streams[at].Start;
        return new Handle(positions, at * sizeof(ulong));
    }
}
