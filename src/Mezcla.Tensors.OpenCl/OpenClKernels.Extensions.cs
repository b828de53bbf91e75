using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

// How another library runs kernels of its own on this device, such as products with quantized matrices.
public sealed unsafe partial class OpenClKernels
{
    private readonly HashSet<string> added = [];

    /// <summary>
    /// Compiles further source, which may use the macros of prelude.cl. The second time the same source is added, nothing happens. From then on its kernels can be launched by their names,
    /// which must differ from those of all others.
    /// </summary>
    /// <exception cref="DeviceException">The device does not compile it; the message holds the compiler's own.</exception>
    public void AddSource(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        lock (gate)
        {
            if (added.Contains(source))
                return;
            driver.Compile(KernelSource.With(group, source));
            added.Add(source);
        }
    }

    /// <summary>Runs a kernel with one work item for each of <paramref name="items"/> things.</summary>
    public void LaunchItems(string kernel, long items, params ReadOnlySpan<KernelArgument> arguments) => Each(kernel, items, arguments);

    /// <summary>Runs a kernel with one group, of GROUP work items, for each of <paramref name="groups"/> things.</summary>
    public void LaunchGroups(string kernel, long groups, params ReadOnlySpan<KernelArgument> arguments) => Groups(kernel, groups, arguments);

    /// <summary>The two arguments for a kernel's parameter CHECKED, by which it reports an index outside its range.</summary>
    public (KernelArgument Record, KernelArgument Operation) Checked(in IndexCheck check) => (Record, Number(check));
}
