namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>An NVIDIA GPU by its driver, with one stream in order. A context is current for one thread only, so every call makes it so first, which costs next to nothing.</summary>
internal sealed unsafe class CudaDriver : GpuDriver
{
    private const int StagingBytes = 4 << 20;

    private readonly CudaApi api;
    private readonly Nvrtc compiler;
    private readonly int capability;
    private readonly nint context, stream;
    private readonly LtProducts? products;
    private readonly byte* staging;
    private int staged;
    private readonly List<nint> modules = [];

    internal CudaDriver(CudaApi api, int index, DeviceDescription description, Nvrtc compiler, CuBlasLt? products, int groupSize)
    {
        (this.api, this.compiler, Description, GroupSize) = (api, compiler, description, groupSize);
        int device, major, minor;
        nint handle;
        void* pinned;
        Check(api.DeviceGet(&device, index), "cuDeviceGet");
        Check(api.DeviceAttribute(&major, CudaApi.CapabilityMajor, device), "cuDeviceGetAttribute");
        Check(api.DeviceAttribute(&minor, CudaApi.CapabilityMinor, device), "cuDeviceGetAttribute");
        capability = 10 * major + minor;
        Check(api.RetainContext(&handle, device), "cuDevicePrimaryCtxRetain");
        context = handle;
        Enter();
        Check(api.StreamCreate(&handle, CudaApi.NonBlockingStream), "cuStreamCreate");
        stream = handle;
        Check(api.AllocatePinned(&pinned, StagingBytes, 0), "cuMemHostAlloc");
        staging = (byte*)pinned;
        if (products is not null)
            this.products = new LtProducts(products, stream, (ulong)Working(LtProducts.WorkspaceBytes));
    }

    private nint Working(long bytes) => Allocate(bytes) is not 0 and var address ? address : throw new DeviceException(
        $"{Name} ({Description.Hardware}) has no {MemoryUse.Text(bytes)} left for the matrix products' working memory: end other programs that use the GPU (nvidia-smi lists them).");

    internal override string Name => Description.Name;

    internal override DeviceDescription Description { get; }

    internal override int GroupSize { get; }

    internal override nint Allocate(long bytes)
    {
        Enter();
        ulong address;
        int error = api.Allocate(&address, (nuint)bytes);
        if (error == CudaApi.OutOfMemory)
            return 0;
        Check(error, "cuMemAlloc");
        return (nint)address;
    }

    internal override void Free(nint address)
    {
        // Kernels that were asked for may still use it.
        Synchronize();
        Check(api.Free((ulong)address), "cuMemFree");
    }

    /// <summary>Through memory that the GPU may read whenever it comes to it, so that the caller need not wait.</summary>
    internal override void Upload(ReadOnlySpan<byte> from, nint to, long offset)
    {
        Enter();
        while (from.Length > 0)
        {
            if (staged == StagingBytes)
                Synchronize();
            int count = Math.Min(from.Length, StagingBytes - staged);
            from[..count].CopyTo(new Span<byte>(staging + staged, count));
            Check(api.CopyToDevice((ulong)(to + offset), staging + staged, (nuint)count, stream), "cuMemcpyHtoDAsync");
            staged += count;
            offset += count;
            from = from[count..];
        }
    }

    internal override void Read(nint from, long offset, byte* to, long bytes)
    {
        Enter();
        Check(api.CopyFromDevice(to, (ulong)(from + offset), (nuint)bytes, stream), "cuMemcpyDtoHAsync");
    }

    internal override void Copy(nint from, long fromOffset, nint to, long toOffset, long bytes)
    {
        Enter();
        Check(api.CopyOnDevice((ulong)(to + toOffset), (ulong)(from + fromOffset), (nuint)bytes, stream), "cuMemcpyDtoDAsync");
    }

    internal override void Compile(string source)
    {
        Enter();
        string target = Nvrtc.Target(capability, compiler.Architectures) ?? throw new DeviceException(
            $"{Name} ({Description.Hardware}) is older than anything NVRTC {compiler.Version} ({compiler.Path}) compiles for. Install an older one (pip install nvidia-cuda-nvrtc-cu11), or choose another device with MEZCLA_DEVICE.");
        string key = $"{Description.Hardware}\n{Description.Driver}\nNVRTC {compiler.Version} {target}";
        // A program that the driver does not take, of an older version or damaged, is made anew.
        if (KernelSource.Cached(source, key) is { Length: > 0 } kept && Load(kept) == CudaApi.Success)
            return;
        byte[] program = compiler.Compile(source, target);
        Check(Load(program), "cuModuleLoadData");
        KernelSource.Keep(source, key, program);
    }

    private int Load(byte[] program)
    {
        nint loaded;
        int error;
        fixed (byte* image = program)
            error = api.ModuleLoad(&loaded, image);
        if (error == CudaApi.Success)
            modules.Add(loaded);
        return error;
    }

    internal override nint Kernel(string name)
    {
        Enter();
        nint kernel = 0;
        int error = CudaApi.NotFound;
        fixed (byte* text = CudaApi.Zeroed(name))
            for (int i = 0; i < modules.Count && error == CudaApi.NotFound; i++)
                error = api.ModuleFunction(&kernel, modules[i], text);
        Check(error, $"cuModuleGetFunction({name})");
        return kernel;
    }

    internal override void Launch(nint kernel, void** values, nuint* sizes, int count, long groups, int groupSize)
    {
        if (groups > int.MaxValue)
            throw new DeviceException($"An operation on {Name} needs {groups} groups of work items, and CUDA runs at most {int.MaxValue} at once: use smaller tensors.");
        Enter();
        Check(api.Launch(kernel, (uint)groups, 1, 1, (uint)groupSize, 1, 1, 0, stream, values, null), "cuLaunchKernel");
    }

    internal override void BeginCapture()
    {
        Enter();
        Check(api.BeginCapture(stream, CudaApi.RelaxedCapture), "cuStreamBeginCapture");
    }

    internal override GpuGraph EndCapture()
    {
        Enter();
        nint graph, executable;
        Check(api.EndCapture(stream, &graph), "cuStreamEndCapture");
        int error = api.GraphInstantiate(&executable, graph, 0);
        Check(api.GraphDestroy(graph), "cuGraphDestroy");
        Check(error, "cuGraphInstantiate");
        return new Graph(this, executable);
    }

    private sealed class Graph(CudaDriver driver, nint executable) : GpuGraph
    {
        internal override void Replay()
        {
            driver.Enter();
            driver.Check(driver.api.GraphLaunch(executable, driver.stream), "cuGraphLaunch");
        }

        public override void Dispose()
        {
            driver.Synchronize();
            driver.Check(driver.api.ExecutableDestroy(executable), "cuGraphExecDestroy");
        }
    }

    internal override bool HasAddresses => true;

    internal override bool Multiply(in Product product, bool narrow, nint a, nint b, nint bias, nint c, bool accumulate)
    {
        Enter();
        return products?.Multiply(product, narrow, (ulong)a, (ulong)b, (ulong)bias, (ulong)c, accumulate) ?? false;
    }

    internal override (int All, int Refused)? ProductPlans => products?.Plans;

    internal override string? NoTensorCores => capability < 80 ? $"{Description.Hardware} is older than compute capability 8.0"
        : GroupSize != TensorCoreGroup ? $"its groups have {GroupSize} work items and not {TensorCoreGroup}" : null;

    internal override void Synchronize()
    {
        Enter();
        Check(api.StreamSynchronize(stream), "cuStreamSynchronize");
        staged = 0;
        Waits++;
    }

    private void Enter() => Check(api.SetCurrent(context), "cuCtxSetCurrent");

    private void Check(int error, string function)
    {
        if (error == CudaApi.Success)
            return;
        string remedy = error == CudaApi.OutOfMemory ? "It ran out of memory: use a smaller batch or model, lower Device.MemoryLimit, or end other programs that use the GPU (nvidia-smi lists them)."
            : "Update the driver, or choose another device with MEZCLA_DEVICE; mezcla doctor lists them.";
        throw new DeviceException($"CUDA's {function} failed with {api.Error(error)} on {Name} ({Description.Hardware}; {Description.Driver}). {remedy}");
    }
}
