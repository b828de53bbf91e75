using System.ComponentModel;
using Mezcla.Tensors.Plain;

namespace Mezcla.Tensors;

/// <summary>Where tensors live and operations run.</summary>
public sealed class Device
{
    private static readonly Dictionary<string, Device> Opened = [];

    /// <summary>A device with kernels of one's own. <see cref="Cpu"/>, <see cref="Plain"/>
    /// and <see cref="Parse"/> give those that are there.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public Device(DeviceKernels kernels)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        Kernels = kernels;
        Pool = new MemoryPool(kernels, kernels.MemoryLimit);
        kernels.Pool = Pool;
    }

    /// <summary>The reference: every kernel in simple loops on one thread, computed in double precision
    /// where that matters. Slow, and there to be read and compared with.</summary>
    public static Device Plain { get; } = new(new PlainKernels());

    /// <summary>The CPU, by the fast kernels of Mezcla.Tensors.Cpu where that assembly
    /// is there, else by those of <see cref="Plain"/>.</summary>
    public static Device Cpu { get; } = DeviceFamilies.Cpu is { } family ? new(family.Open("cpu")) : Plain;

    /// <summary>The device that the environment variable MEZCLA_DEVICE names; null where it is not set.</summary>
    /// <exception cref="ArgumentException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">The device it names is not there.</exception>
    public static Device? FromEnvironment
        => Environment.GetEnvironmentVariable("MEZCLA_DEVICE") is { Length: > 0 } name ? Parse(name, "MEZCLA_DEVICE") : null;

    /// <summary>
    /// The device that <see cref="FromEnvironment"/> gives; else an NVIDIA or Apple GPU, where libtorch for it is installed and the GPU
    /// passes <see cref="SmokeTest"/>; else the CPU.
    /// </summary>
    /// <exception cref="ArgumentException">MEZCLA_DEVICE names no kind of device.</exception>
    /// <exception cref="DeviceException">The device that MEZCLA_DEVICE names is not there.</exception>
    public static Device Best => FromEnvironment
        ?? (DeviceFamilies.All.Select(family => family.Preferred).OfType<string>().FirstOrDefault() is { } name ? Parse(name) : Cpu);

    /// <summary>The GPUs that were found, and CPUs that have a driver of the same kind.</summary>
    public static IReadOnlyList<DeviceDescription> Described => [.. DeviceFamilies.All.SelectMany(family => family.Found)];

    /// <summary>For each family of devices, what was found or what is missing and what helps.</summary>
    public static IReadOnlyList<string> Reports => [.. DeviceFamilies.All.Select(family => family.Report).OfType<string>()];

    /// <summary>Device number <paramref name="index"/> of those with an OpenCL driver; <c>mezcla doctor</c> lists them.</summary>
    /// <exception cref="DeviceException">OpenCL or the device is not there, or does not compile the kernels.</exception>
    public static Device OpenCl(int index = 0) => Parse($"opencl:{index}");

    /// <summary>A device of libtorch: an NVIDIA GPU (<c>cuda:0</c>), Apple's (<c>mps</c>) or the CPU (<c>cpu</c>).
    /// <c>mezcla doctor --install torch</c> fetches the library.</summary>
    /// <exception cref="ArgumentException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">libtorch's build for it or the device is not there.</exception>
    public static Device Torch(string name = "cuda:0") => Parse($"torch:{name}");

    /// <summary>The device of a name: cpu, plain, opencl, opencl:1, cuda, cuda:1, mps, torch:cpu.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <param name="what">What the name was given as, for the error.</param>
    /// <exception cref="ArgumentException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">The device is not there.</exception>
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
            $"{what} is '{name}'; it must be one of these: {string.Join(", ", names)}. mezcla doctor lists what is here.");
    }

    /// <summary>Adds devices that Mezcla does not know: from then on
    /// <see cref="Parse"/> and MEZCLA_DEVICE understand their names.</summary>
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

    /// <summary>How much of its memory tensors use, and the peak.</summary>
    public MemoryUse Memory => Pool.Use;

    /// <summary>
    /// How many bytes tensors may use: at first what the machine, or the container around it, has. A tensor that would not fit
    /// throws <see cref="TensorMemoryException"/>.
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
    /// What the factors of matrix products (<c>MatMul</c>, <c>Linear</c>, <c>GroupedMatMul</c>) and of attention are rounded to first.
    /// Tensors and sums stay Float32, so that an optimizer changes weights in full precision: mixed precision as of Micikevicius et
    /// al. (arXiv:1710.03740), with bfloat16, which needs no loss scale (Kalamkar et al., arXiv:1905.12322).
    /// </summary>
    /// <exception cref="DeviceException">The device cannot multiply in that precision.</exception>
    public ProductPrecision ProductPrecision
    {
        get => Kernels.Precision;
        set => Kernels.Precision = value;
    }

    /// <summary>Starts measuring the peak anew, from what is in use now.</summary>
    public void ResetPeak() => Pool.ResetPeak();

    /// <summary>Gives memory that waits to be used again back to the system.</summary>
    public void TrimMemory() => Pool.Trim();

    /// <summary><see cref="Name"/>.</summary>
    public override string ToString() => Name;

    /// <summary>What the device can do, for those who write kernels and operations.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public DeviceKernels Kernels { get; }

    /// <summary>The memory of the device, for those who write kernels and operations.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public MemoryPool Pool { get; }
}
