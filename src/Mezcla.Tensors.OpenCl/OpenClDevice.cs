using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

/// <summary>An OpenCL device for libraries that run their own kernels on it, such as products with quantized matrices.</summary>
public abstract class OpenClDevice : DeviceKernels
{
    /// <summary>
    /// Compiles further source, which may use the macros of prelude.cl. The second time the same source is added, nothing happens. From
    /// then on its kernels can be launched by their names, which must differ from those of all others.
    /// </summary>
    /// <exception cref="DeviceException">The device does not compile it; the error quotes the compiler.</exception>
    public abstract void AddSource(string source);

    /// <summary>Runs a kernel with one work item for each of <paramref name="items"/> things.</summary>
    public abstract void LaunchItems(string kernel, long items, params ReadOnlySpan<KernelArgument> arguments);

    /// <summary>Runs a kernel with one group, of GROUP work items, for each of <paramref name="groups"/> things.</summary>
    public abstract void LaunchGroups(string kernel, long groups, params ReadOnlySpan<KernelArgument> arguments);

    /// <summary>The two arguments for a kernel's parameter CHECKED, by which it reports an index outside its range.</summary>
    public abstract (KernelArgument Record, KernelArgument Operation) Checked(in IndexCheck check);
}
