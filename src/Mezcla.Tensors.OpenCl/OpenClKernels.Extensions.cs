using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

internal sealed unsafe partial class OpenClKernels
{
    private readonly HashSet<string> _added = [];

    public override void AddSource(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        lock (_gate)
        {
            if (_added.Contains(source))
                return;
            _driver.Compile(KernelSource.With(_group, source));
            _added.Add(source);
        }
    }

    public override void LaunchItems(string kernel, long items, params ReadOnlySpan<KernelArgument> arguments) =>
        Each(kernel, items, arguments);

    public override void LaunchGroups(string kernel, long groups, params ReadOnlySpan<KernelArgument> arguments) =>
        Groups(kernel, groups, arguments);

    public override (KernelArgument Record, KernelArgument Operation) Checked(in IndexCheck check) => (Record, Number(check));
}
