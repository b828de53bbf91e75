namespace Mezcla.Tensors.Devices.Gpu;

/// <summary>
/// The little that kernels need of a GPU's driver: one queue, in which everything runs in the order asked for. Addresses are whatever the driver
/// uses for a block of memory. Every failure throws <see cref="DeviceException"/>.
/// </summary>
internal abstract class GpuDriver
{
    /// <summary>Such as <c>opencl:0</c>.</summary>
    internal abstract string Name { get; }

    internal abstract DeviceDescription Description { get; }

    /// <summary>Work items of a group where a kernel reduces over one: 1 on devices that are processors, where a barrier is slow.</summary>
    internal abstract int GroupSize { get; }

    /// <summary>0 where there is no room.</summary>
    internal abstract nint Allocate(long bytes);

    internal abstract void Free(nint address);

    internal abstract void Upload(ReadOnlySpan<byte> from, nint to, long offset);

    /// <summary>Asks for bytes, which are there after the next <see cref="Synchronize"/>; <paramref name="to"/> must not move before.</summary>
    internal abstract unsafe void Read(nint from, long offset, byte* to, long bytes);

    internal abstract void Copy(nint from, long fromOffset, nint to, long toOffset, long bytes);

    /// <summary>Compiles all kernels, or takes them from the cache.</summary>
    internal abstract void Compile(string source);

    /// <summary>The kernel of that name.</summary>
    internal abstract nint Kernel(string name);

    /// <summary>Runs a kernel; <paramref name="values"/> are the addresses of its arguments, <paramref name="sizes"/> their sizes.</summary>
    internal abstract unsafe void Launch(nint kernel, void** values, nuint* sizes, int count, long groups, int groupSize);

    /// <summary>Waits for what was asked before.</summary>
    internal abstract void Synchronize();

    /// <summary>How often the program waited, here and where the memory for uploads was full.</summary>
    internal virtual long Waits { get; private protected set; }

    /// <summary>Whether addresses of memory are such as a kernel can follow, when it finds them in memory.</summary>
    internal virtual bool HasAddresses => false;

    /// <summary>
    /// C (+)= op(A)·op(B) (+ bias) for addresses of the device, by a library of the driver's maker; A and B are of bfloat16 where <paramref name="narrow"/>, all else of float32. False where it
    /// has none for this product: then our own kernels do it.
    /// </summary>
    internal virtual bool Multiply(in Product product, bool narrow, nint a, nint b, nint bias, nint c, bool accumulate) => false;

    /// <summary>From here on launches and copies are written down and not done, and memory that is asked for is there at once. Nothing may be uploaded, read or waited for.</summary>
    internal virtual void BeginCapture() => throw new DeviceException($"{Name} does not capture steps.");

    /// <summary>Ends it. Who gets the graph disposes it.</summary>
    internal virtual GpuGraph EndCapture() => throw new DeviceException($"{Name} does not capture steps.");

    /// <summary>How many kinds of products that library was asked for, and how many it does not do; null without one.</summary>
    internal virtual (int All, int Refused)? ProductPlans => null;

    /// <summary>Work items of a group in the kernels that use tensor cores: eight warps.</summary>
    internal const int TensorCoreGroup = 256;

    /// <summary>Why the kernels that multiply bfloat16 by tensor cores do not run here; null where they do.</summary>
    internal virtual string? NoTensorCores => $"{Description.Hardware} has none that Mezcla knows how to use: they need an NVIDIA GPU of compute capability 8.0 or later, as a CUDA device";
}
