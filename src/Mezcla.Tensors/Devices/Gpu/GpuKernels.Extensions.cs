namespace Mezcla.Tensors.Devices.Gpu;

// What another library needs to run kernels of its own on this device: quantized products, say.
internal sealed unsafe partial class GpuKernels
{
    private readonly HashSet<string> added = [];

    /// <summary>
    /// Compiles further source in the dialect of prelude.cl, whose macros it may use; the second time the same source is added nothing happens. From then on its kernels can be launched by
    /// their names, which must differ from those of all others.
    /// </summary>
    /// <exception cref="DeviceException">The device does not compile it; the message says what its compiler says.</exception>
    internal void AddSource(string source)
    {
        lock (gate)
        {
            if (added.Contains(source))
                return;
            driver.Compile(KernelSource.With(group, source));
            added.Add(source);
        }
    }

    /// <summary>Runs a kernel with one work item for each of <paramref name="items"/> things.</summary>
    internal void LaunchItems(string kernel, long items, params ReadOnlySpan<KernelArgument> arguments) => Each(kernel, items, arguments);

    /// <summary>Runs a kernel with one group, of GROUP work items, for each of <paramref name="groups"/> things.</summary>
    internal void LaunchGroups(string kernel, long groups, params ReadOnlySpan<KernelArgument> arguments) => Groups(kernel, groups, arguments);

    /// <summary>The two arguments for a kernel's parameter CHECKED, so that it can report an index outside its range.</summary>
    internal (KernelArgument Record, KernelArgument Operation) Checked(in IndexCheck check) => (Record, Number(check));
}
