using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Devices.Cpu;

namespace Mezcla.Tensors;

/// <summary>Where tensors live and operations run.</summary>
public sealed class Device
{
    internal Device(DeviceKernels kernels)
    {
        Kernels = kernels;
        Pool = new MemoryPool(kernels, kernels.MemoryLimit);
    }

    /// <summary>The processor: always there.</summary>
    public static Device Cpu { get; } = new(new CpuKernels());

    /// <summary>The fastest device found.</summary>
    public static Device Best => Cpu;

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

    /// <summary>Starts measuring the peak anew, from what is in use now.</summary>
    public void ResetPeak() => Pool.ResetPeak();

    /// <summary>Gives memory that waits to be used again back to the system.</summary>
    public void TrimMemory() => Pool.Trim();

    /// <summary><see cref="Name"/>.</summary>
    public override string ToString() => Name;

    internal DeviceKernels Kernels { get; }

    internal MemoryPool Pool { get; }
}
