using Mezcla.Tensors;
using Mezcla.Tensors.OpenCl;

namespace Mezcla.Tests.Devices;

/// <summary>A driver that writes down what it is asked for.</summary>
internal sealed unsafe class WatchedDriver(OpenClDriver driver) : OpenClDriver
{
    /// <summary>Sizes in bytes of what came back.</summary>
    public List<int> Downloads { get; } = [];

    public int Launched { get; private set; }

    internal override string Name => driver.Name;

    internal override DeviceDescription Description => driver.Description;

    internal override int GroupSize => driver.GroupSize;

    internal override nint Allocate(long bytes) => driver.Allocate(bytes);

    internal override void Free(nint address) => driver.Free(address);

    internal override void Upload(ReadOnlySpan<byte> from, nint to, long offset) => driver.Upload(from, to, offset);

    internal override long Waits => driver.Waits;

    internal override void Read(nint from, long offset, byte* to, long bytes)
    {
        Downloads.Add((int)bytes);
        driver.Read(from, offset, to, bytes);
    }

    internal override void Copy(nint from, long fromOffset, nint to, long toOffset, long bytes) => driver.Copy(from, fromOffset, to, toOffset, bytes);

    internal override void Compile(string source) => driver.Compile(source);

    internal override void BeginCapture() => driver.BeginCapture();

    internal override GpuGraph EndCapture() => driver.EndCapture();

    internal override nint Kernel(string name) => driver.Kernel(name);

    internal override void Launch(nint kernel, void** values, nuint* sizes, int count, long groups, int groupSize)
    {
        Launched++;
        driver.Launch(kernel, values, sizes, count, groups, groupSize);
    }

    internal override void Synchronize() => driver.Synchronize();
}
