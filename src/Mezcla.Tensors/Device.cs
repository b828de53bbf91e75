using System.Globalization;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Devices.Cpu;
using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Devices.Gpu.Cuda;
using Mezcla.Tensors.Devices.Gpu.OpenCl;
using Mezcla.Tensors.Plain;

namespace Mezcla.Tensors;

/// <summary>Where tensors live and operations run.</summary>
public sealed class Device
{
    private static readonly Dictionary<string, Device> Opened = [];

    internal Device(DeviceKernels kernels)
    {
        Kernels = kernels;
        Pool = new MemoryPool(kernels, kernels.MemoryLimit);
        if (kernels is GpuKernels gpu)
            gpu.Pool = Pool;
    }

    /// <summary>The processor: always there.</summary>
    public static Device Cpu { get; } = new(new CpuKernels());

    /// <summary>
    /// The plain device: every kernel as a simple loop on one thread, in the folder Plain, which says what the kernel means. Slow; always there.
    /// </summary>
    public static Device Plain { get; } = new(new PlainKernels());

    /// <summary>Which device the environment variable MEZCLA_DEVICE names; null where it is not set.</summary>
    /// <exception cref="ArgumentException">It names none.</exception>
    /// <exception cref="DeviceException">The device it names is not there.</exception>
    public static Device? FromEnvironment
        => Environment.GetEnvironmentVariable("MEZCLA_DEVICE") is { Length: > 0 } name ? Parse(name, "MEZCLA_DEVICE") : null;

    /// <summary>The device that <see cref="FromEnvironment"/> says, else the processor: a GPU is used only where somebody asks for it, since no GPU has run the tests yet.</summary>
    public static Device Best => FromEnvironment ?? Cpu;

    /// <summary>What GPUs (and processors with an OpenCL driver) were found; an NVIDIA GPU may be there twice, as <c>cuda:0</c> and by its OpenCL driver.</summary>
    public static IReadOnlyList<DeviceDescription> Described => [.. OpenClDevices.All.Select(device => device.Description), .. CudaInstallation.Here.Devices];

    /// <summary>Why no OpenCL device was found, and what helps.</summary>
    public static string MissingOpenCl => OpenClDevices.Missing;

    /// <summary>Which CUDA was found and where, or what of it is missing and what helps.</summary>
    public static string CudaReport => CudaInstallation.Here.Report;

    /// <summary>Device number <paramref name="index"/> of those with an OpenCL driver; <c>mezcla doctor</c> lists them.</summary>
    /// <exception cref="DeviceException">OpenCL or the device is not there, or does not compile the kernels.</exception>
    public static Device OpenCl(int index = 0) => Open($"opencl:{index}", () => new OpenClDriver(index));

    /// <summary>
    /// NVIDIA's GPU number <paramref name="index"/>, in the order of its driver. Needed are the driver, for CUDA 11.8 or later, and the library NVRTC of a CUDA toolkit or of a Python
    /// environment.
    /// </summary>
    /// <exception cref="DeviceException">The driver, NVRTC or the device is not there, or does not compile the kernels.</exception>
    public static Device Cuda(int index = 0) => Open($"cuda:{index}", () => CudaInstallation.Here.Open(index));

    /// <summary>The device of a name: cpu, plain, cuda, cuda:1, opencl, opencl:1.</summary>
    /// <param name="name">The name.</param>
    /// <param name="what">What the name was given as, for the error.</param>
    /// <exception cref="ArgumentException">There is no such kind of device.</exception>
    /// <exception cref="DeviceException">The device is not there.</exception>
    public static Device Parse(string name, string what = "the device")
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Trim().ToLowerInvariant().Split(':');
        int index = 0;
        bool numbered = parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out index);
        return (parts.Length == 1 || numbered) ? parts[0] switch
        {
            "cpu" when parts.Length == 1 => Cpu,
            "plain" when parts.Length == 1 => Plain,
            "cuda" => Cuda(index),
            "opencl" => OpenCl(index),
            _ => throw Unknown(),
        } : throw Unknown();

        ArgumentException Unknown() => new($"{what} is '{name}'; it must be cpu, plain, opencl, cuda or one of the last two with a number, such as cuda:1, as mezcla doctor lists them.");
    }

    private static Device Open(string name, Func<GpuDriver> driver)
    {
        lock (Opened)
            return Opened.TryGetValue(name, out var device) ? device : Opened[name] = new Device(new GpuKernels(driver()));
    }

    /// <summary>What to call it, such as <c>cpu</c>.</summary>
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
    /// What the factors of matrix products (<c>MatMul</c>, <c>Linear</c>, <c>GroupedMatMul</c>) and of attention are rounded to first. Tensors and sums stay Float32, so that an optimizer changes
    /// weights in full precision: mixed precision as of Micikevicius et al. (arXiv:1710.03740), with bfloat16, which needs no loss scale (Kalamkar et al., arXiv:1905.12322).
    /// </summary>
    /// <exception cref="DeviceException">Set to <see cref="ProductPrecision.BFloat16"/> on a device without tensor cores that multiply it.</exception>
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

    internal DeviceKernels Kernels { get; }

    internal MemoryPool Pool { get; private set; }

    /// <summary>Whether <see cref="Capture"/> works here.</summary>
    public bool CanCapture => Kernels is GpuKernels;

    /// <summary>
    /// Captures a step: runs <paramref name="step"/> on this thread while the device does nothing but note what it is asked for. Run the step once before, so that what is made once (tables,
    /// compiled kernels) is there. While it runs, nothing may come from the processor or be read, and no other thread may use the device.
    /// </summary>
    /// <exception cref="DeviceException">The device is the processor, which has nothing to gain, or the step does what cannot be replayed.</exception>
    public DeviceGraph Capture(Action step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (Kernels is not GpuKernels gpu)
            throw new DeviceException($"{Name} captures no steps: only launches of a GPU can be replayed. Call the step again instead.");
        // What waits to serve again would lie beside what the graph takes.
        Pool.Trim();
        var (everyday, own) = (Pool, new MemoryPool(gpu, Math.Max(0, Pool.Limit - Pool.Use.Live)) { Keeps = true });
        (Pool, gpu.Pool) = (own, own);
        try
        {
            return new DeviceGraph(gpu, own, gpu.Capture(step));
        }
        catch
        {
            own.Close();
            throw;
        }
        finally
        {
            (Pool, gpu.Pool) = (everyday, everyday);
        }
    }
}
