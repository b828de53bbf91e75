using Mezcla.Tensors;
using Mezcla.Tensors.Cpu;
using Mezcla.Tensors.Devices;

[assembly: DeviceFamily(typeof(CpuFamily))]

namespace Mezcla.Tensors.Cpu;

/// <summary>The one CPU of this machine, by the kernels of this assembly.</summary>
public sealed class CpuFamily : DeviceFamily
{
    /// <inheritdoc/>
    public override string Name => "cpu";

    /// <inheritdoc/>
    public override string? Resolve(string name) => name == Name ? Name : null;

    /// <inheritdoc/>
    public override DeviceKernels Open(string name) => new CpuKernels();
}
