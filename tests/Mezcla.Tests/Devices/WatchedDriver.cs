using Mezcla.Tensors.OpenCl;

namespace Mezcla.Tests.Devices;

/// <summary>A driver that writes down what it is asked for.</summary>
internal sealed unsafe class WatchedDriver(int index, int groupSize) : OpenClDriver(index, groupSize)
{
    /// <summary>Sizes in bytes of what came back.</summary>
    public List<int> Downloads { get; } = [];

    public int Launched { get; private set; }

    internal override void Read(nint from, long offset, byte* to, long bytes)
    {
        Downloads.Add((int)bytes);
        base.Read(from, offset, to, bytes);
    }

    internal override void Launch(nint kernel, void** values, nuint* sizes, int count, long groups, int groupSize)
    {
        Launched++;
        base.Launch(kernel, values, sizes, count, groups, groupSize);
    }
}
