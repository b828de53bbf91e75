using System.ComponentModel;
using Mezcla.Tensors.Plain;

namespace Mezcla.Tensors;

/// <summary>A device: it holds tensors and runs operations on them.</summary>
public sealed class Device
{
    private static readonly Dictionary<string, Device> Opened = [];

    /// <summary>
    /// A device with kernels of your own. Use <see cref="Cpu"/>, <see cref="Plain"/> or <see cref="Parse"/> for the existing devices.
    /// </summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public Device(DeviceKernels kernels)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        Kernels = kernels;
        Pool = new MemoryPool(kernels, kernels.MemoryLimit);
        kernels.Pool = Pool;
    }

    /// <summary>
    /// The reference device: every kernel is written in simple loops on one thread, and computed in double precision where that matters. It
    /// is slow; its purpose is to be read and to be compared with.
    /// </summary>
    public static Device Plain { get; } = new(new PlainKernels());

    /// <summary>
    /// The CPU. It uses the fast kernels of Mezcla.Tensors.Cpu if that assembly is present, else those of <see cref="Plain"/>.
    /// </summary>
    public static Device Cpu { get; } = DeviceFamilies.Cpu is { } family ? new(family.Open("cpu")) : Plain;

    /// <summary>The device that the environment variable MEZCLA_DEVICE names; null if it is not set.</summary>
    /// <exception cref="ArgumentException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">The device it names is not available.</exception>
    public static Device? FromEnvironment
        => Environment.GetEnvironmentVariable("MEZCLA_DEVICE") is { Length: > 0 } name ? Parse(name, "MEZCLA_DEVICE") : null;

    /// <summary>
    /// The device of <see cref="FromEnvironment"/> if one is set; else an NVIDIA or Apple GPU, if libtorch for it is installed and the GPU
    /// passes <see cref="SmokeTest"/>; else the CPU.
    /// </summary>
    /// <exception cref="ArgumentException">MEZCLA_DEVICE names no kind of device.</exception>
    /// <exception cref="DeviceException">The device that MEZCLA_DEVICE names is not there.</exception>
    public static Device Best => FromEnvironment
        ?? (DeviceFamilies.All.Select(family => family.Preferred).OfType<string>().FirstOrDefault() is { } name ? Parse(name) : Cpu);

    /// <summary>The GPUs that were found, and the CPUs that have a driver of the same kind.</summary>
    public static IReadOnlyList<DeviceDescription> Described => [.. DeviceFamilies.All.SelectMany(family => family.Found)];

    /// <summary>For each family of devices, which ones were found, or what is missing and how to get it.</summary>
    public static IReadOnlyList<string> Reports => [.. DeviceFamilies.All.Select(family => family.Report).OfType<string>()];

    /// <summary>Device number <paramref name="index"/> of those with an OpenCL driver; <c>mezcla doctor</c> lists them.</summary>
    /// <exception cref="DeviceException">OpenCL or the device is not available, or the device cannot compile the kernels.</exception>
    public static Device OpenCl(int index = 0) => Parse($"opencl:{index}");

    /// <summary>A device of libtorch: an NVIDIA GPU (<c>cuda:0</c>), Apple's (<c>mps</c>) or the CPU (<c>cpu</c>).
    /// <c>mezcla doctor --install torch</c> fetches the library.</summary>
    /// <exception cref="ArgumentException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">libtorch's build for it or the device is not there.</exception>
    public static Device Torch(string name = "cuda:0") => Parse($"torch:{name}");

    /// <summary>The device of a name: cpu, plain, opencl, opencl:1, cuda, cuda:1, mps, torch:cpu.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <param name="what">Where the name came from, for the error message.</param>
    /// <exception cref="ArgumentException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">The device is not available.</exception>
    public static Device Parse(string name, string what = "the device")
    {
        ArgumentNullException.ThrowIfNull(name);
        var wanted = name.Trim().ToLowerInvariant();
        if (wanted == "cpu")
            return Cpu;
        if (wanted == "plain")
            return Plain;
        foreach (var family in DeviceFamilies.All)
            if (family.Resolve(wanted) is { } full)
                return Open(full, family);
        var names = DeviceFamilies.All.Select(family => family.Usage).Prepend("plain").Prepend("cpu").Distinct();
        throw new ArgumentException(
            $"{what} is '{name}'; it must be one of these: {string.Join(", ", names)}. mezcla doctor lists the devices found.");
    }

    /// <summary>
    /// Adds a family of devices that Mezcla does not know. From then on <see cref="Parse"/> and MEZCLA_DEVICE accept their names.
    /// </summary>
    public static void Register(DeviceFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        DeviceFamilies.Register(family);
    }

    private static Device Open(string name, DeviceFamily family)
    {
        lock (Opened)
            return Opened.TryGetValue(name, out var device) ? device : Opened[name] = new Device(family.Open(name));
    }

    /// <summary>Its name, such as <c>cpu</c> or <c>opencl:0</c>.</summary>
    public string Name => Kernels.Name;

    /// <summary>How much of its memory tensors use now, and the peak.</summary>
    public MemoryUse Memory => Pool.Use;

    /// <summary>
    /// How many bytes tensors may use: by default, as much as the machine or its container has. A tensor that would exceed the limit throws
    /// <see cref="TensorMemoryException"/>.
    /// </summary>
    public long MemoryLimit
    {
        get => Pool.Limit;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Pool.Limit = value;
        }
    }

    /// <summary>
    /// The precision to which the factors of matrix products (<c>MatMul</c>, <c>Linear</c>, <c>GroupedMatMul</c>) and of attention are
    /// rounded first. Tensors and sums stay Float32, so that an optimizer changes weights in full precision. This is mixed precision
    /// (Micikevicius et al., arXiv:1710.03740) with bfloat16, which needs no loss scale (Kalamkar et al., arXiv:1905.12322).
    /// </summary>
    /// <exception cref="DeviceException">The device cannot multiply in that precision.</exception>
    public ProductPrecision ProductPrecision
    {
        get => Kernels.Precision;
        set => Kernels.Precision = value;
    }

    /// <summary>Resets the peak to what is in use now.</summary>
    public void ResetPeak() => Pool.ResetPeak();

    /// <summary>Returns cached memory to the system.</summary>
    public void TrimMemory() => Pool.Trim();

    /// <summary><see cref="Name"/>.</summary>
    public override string ToString() => Name;

    /// <summary>The device's kernels, for authors of kernels and operations.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public DeviceKernels Kernels { get; }

    /// <summary>The device's memory pool, for authors of kernels and operations.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public MemoryPool Pool { get; }
}
