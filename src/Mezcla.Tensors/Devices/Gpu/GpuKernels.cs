namespace Mezcla.Tensors.Devices.Gpu;

/// <summary>
/// Every kernel of a GPU, whatever its driver: this file launches, those beside it say what. Nothing runs on the processor instead; results that
/// C# waits for are only the positions of a bad index or of a NaN.
/// </summary>
internal sealed unsafe partial class GpuKernels : DeviceKernels
{
    // Work items of a group where each does its own.
    private const int FlatGroup = 64, MostArguments = 48;

    private readonly GpuDriver driver;
    private readonly Dictionary<string, nint> kernels = [];
    private readonly Lock gate = new();
    private readonly int group;
    private readonly Lazy<Storage> found;

    internal GpuKernels(GpuDriver driver)
    {
        this.driver = driver;
        group = driver.GroupSize;
        found = new Lazy<Storage>(() => new Storage(new MemoryPool(this, long.MaxValue), driver.Allocate(64), 64));
        driver.Compile(KernelSource.For(group));
    }

    internal override string Name => driver.Name;

    internal GpuDriver Driver => driver;

    // Some room is the driver's own.
    internal override long MemoryLimit => driver.Description.Memory / 16 * 15;

    internal override nint Allocate(long bytes) => driver.Allocate(bytes);

    internal override void Free(nint address, long bytes)
    {
        lock (gate)
            driver.Free(address);
    }

    internal override void Upload(ReadOnlySpan<byte> from, Handle to)
    {
        ForgetNarrow();
        if (from.Length > 0)
            lock (gate)
                driver.Upload(from, to.Storage!.Address, to.Offset);
        GC.KeepAlive(to.Storage);
    }

    internal override void Download(Handle from, Span<byte> to)
    {
        if (to.Length > 0)
            lock (gate)
                driver.Download(from.Storage!.Address, from.Offset, to);
        GC.KeepAlive(from.Storage);
    }

    internal override void Copy(Handle x, Handle y, long bytes)
    {
        ForgetNarrow();
        if (bytes > 0)
            lock (gate)
                driver.Copy(x.Storage!.Address, x.Offset, y.Storage!.Address, y.Offset, bytes);
    }

    internal override void Synchronize()
    {
        lock (gate)
            driver.Synchronize();
    }

    /// <summary>A work item for each of <paramref name="n"/> things.</summary>
    private void Each(string kernel, long n, params ReadOnlySpan<KernelArgument> arguments)
    {
        ForgetNarrow();
        Launch(kernel, (n + FlatGroup - 1) / FlatGroup, FlatGroup, arguments);
    }

    /// <summary>A group of the device's size for each of <paramref name="groups"/> things.</summary>
    private void Groups(string kernel, long groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        ForgetNarrow();
        Launch(kernel, groups, group, arguments);
    }

    private void Launch(string name, long groups, int size, ReadOnlySpan<KernelArgument> arguments)
    {
        if (groups <= 0)
            return;
        void** values = stackalloc void*[MostArguments];
        nuint* sizes = stackalloc nuint[MostArguments];
        long* words = stackalloc long[256];
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
        lock (gate)
        {
            if (!kernels.TryGetValue(name, out nint kernel))
                kernels[name] = kernel = driver.Kernel(name);
            driver.Launch(kernel, values, sizes, count, groups, size);
        }

        void Put(long bits, int bytes)
        {
            words[used] = bits;
            values[count] = words + used++;
            sizes[count++] = (nuint)bytes;
        }
    }

    /// <summary>The smallest position that a search writes down, or -1. The only waiting there is.</summary>
    private long Search(Action<Handle> search)
    {
        lock (found)
        {
            var place = new Handle(found.Value, 0);
            Each("fill_int", 1, place, 1L, (long)int.MaxValue);
            search(place);
            int at = 0;
            Download(place, System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<int>(ref at)));
            return at == int.MaxValue ? -1 : at;
        }
    }

    private long Outside(Handle ids, long n, long limit) => n == 0 ? -1 : Search(place => Each("first_outside", n, ids, place, n, limit));

    private Handle Rent(long count) => new(Pool.Rent(Math.Max(count, 1) * 4, "working memory"), 0);

    /// <summary>Set by the device: where working memory comes from.</summary>
    internal MemoryPool Pool { get; set; } = null!;
}
