using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

/// <summary>
/// An OpenCL device: this file launches kernels, and the files beside it choose which. There is no fallback to the CPU, and only reading
/// results waits for the device (and <see cref="DetectAnomaly"/>, for the position of a NaN).
/// </summary>
internal sealed unsafe partial class OpenClKernels : OpenClDevice
{
    // Work items of a group where each does its own.
    private const int FlatGroup = 64, MostArguments = 48;

    private readonly OpenClDriver _driver;
    private readonly Dictionary<string, nint> _kernels = [];
    private readonly Lock _gate = new();
    private readonly int _group;
    private readonly Lazy<Storage> _found;

    internal OpenClKernels(OpenClDriver driver)
    {
        _driver = driver;
        _group = driver.GroupSize;
        _found = new Lazy<Storage>(() => AllocateForDevice(64));
        _stepNumbers = new Lazy<Storage>(() => AllocateForDevice(AdamWNumbers * sizeof(float)));
        driver.Compile(KernelSource.For(_group));
        _record = AllocateForDevice((RecordHead + 2 * Notes) * sizeof(int));
        driver.Upload(MemoryMarshal.AsBytes(Nothing.AsSpan()), _record.Address, 0);
    }

    public override string Name => _driver.Name;

    internal OpenClDriver Driver => _driver;

    /// <summary>How many kernels were asked for.</summary>
    internal long Launches { get; private set; }

    // Some room is the driver's own.
    public override long MemoryLimit => _driver.Description.Memory / 16 * 15;

    public override nint Allocate(long bytes) => _driver.Allocate(bytes);

    public override void Free(nint address, long bytes)
    {
        lock (_gate)
            _driver.Free(address);
    }

    public override void Upload(ReadOnlySpan<byte> from, Handle to)
    {
        if (from.Length > 0)
            lock (_gate)
                _driver.Upload(from, to.Storage!.Address, to.Offset);
        GC.KeepAlive(to.Storage);
    }

    public override void Download(Handle from, Span<byte> to)
    {
        if (to.Length > 0)
            Read(from.Storage!.Address, from.Offset, to);
        GC.KeepAlive(from.Storage);
    }

    public override void Copy(Handle x, Handle y, long bytes)
    {
        if (bytes > 0)
            lock (_gate)
                _driver.Copy(x.Storage!.Address, x.Offset, y.Storage!.Address, y.Offset, bytes);
    }

    public override void Synchronize() => Read(0, 0, []);

    /// <summary>Memory that belongs to the device, not to a tensor, and lives as long as it.</summary>
    private Storage AllocateForDevice(long bytes)
    {
        var address = _driver.Allocate(bytes);
        return address != 0 ? new Storage(new MemoryPool(this, long.MaxValue), address, bytes)
            : throw new DeviceException(
                $"{Name} has no {MemoryUse.Text(bytes)} of memory for the device's own needs. End other programs that use it, or choose " +
                    "another device with MEZCLA_DEVICE.");
    }

    /// <summary>A work item for each of <paramref name="n"/> things.</summary>
    private void Each(string kernel, long n, params ReadOnlySpan<KernelArgument> arguments)
    {
        Launch(kernel, (n + FlatGroup - 1) / FlatGroup, FlatGroup, arguments);
    }

    /// <summary>A group of the device's size for each of <paramref name="groups"/> things.</summary>
    private void Groups(string kernel, long groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        Launch(kernel, groups, _group, arguments);
    }

    private void Launch(string name, long groups, int size, ReadOnlySpan<KernelArgument> arguments)
    {
        if (groups <= 0)
            return;
        var values = stackalloc void*[MostArguments];
        var sizes = stackalloc nuint[MostArguments];
        var words = stackalloc long[256];
        int count = 0, used = 0;
        foreach (ref readonly var argument in arguments)
        {
            if (argument.Kind == ArgumentKind.Buffer)
                Put(argument.Buffer, sizeof(long));
            if (argument.Kind == ArgumentKind.Struct)
            {
                values[count] = words + used;
                sizes[count++] = (nuint)argument.Numbers!.Length * sizeof(long);
                argument.Numbers.CopyTo(new Span<long>(words + used, argument.Numbers.Length));
                used += argument.Numbers.Length;
            }
            else
                Put(argument.Bits, argument.Kind == ArgumentKind.Float ? sizeof(float) : sizeof(long));
        }
        lock (_gate)
        {
            Launches++;
            if (!_kernels.TryGetValue(name, out var kernel))
                _kernels[name] = kernel = _driver.Kernel(name);
            _driver.Launch(kernel, values, sizes, count, groups, size);
        }

        void Put(long bits, int bytes)
        {
            words[used] = bits;
            values[count] = words + used++;
            sizes[count++] = (nuint)bytes;
        }
    }

    /// <summary>The smallest position that a search writes down, or -1. It waits.</summary>
    private long Search(Action<Handle> search)
    {
        lock (_found)
        {
            var place = new Handle(_found.Value, 0);
            Each("fill_int", 1, place, 1L, (long)int.MaxValue);
            search(place);
            var at = 0;
            Download(place, MemoryMarshal.AsBytes(new Span<int>(ref at)));
            return at == int.MaxValue ? -1 : at;
        }
    }

    private Handle Rent(long count) => new(Pool.Rent(Math.Max(count, 1) * 4, "working memory"), 0);
}
