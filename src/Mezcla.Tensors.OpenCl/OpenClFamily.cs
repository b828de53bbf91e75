using System.Globalization;
using Mezcla.Tensors;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.OpenCl;

[assembly: DeviceFamily(typeof(OpenClFamily))]

namespace Mezcla.Tensors.OpenCl;

/// <summary>Everything that OpenCL finds: GPUs of any vendor, and CPUs that have an OpenCL driver.</summary>
public sealed class OpenClFamily : DeviceFamily
{
    private const string Prefix = "opencl:";

    /// <inheritdoc/>
    public override string Name => "opencl";

    /// <inheritdoc/>
    public override string Usage => "opencl, opencl:1";

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceDescription> Found => [.. OpenClDevices.All.Select(device => device.Description)];

    /// <inheritdoc/>
    public override string? Report => OpenClDevices.All.Count == 0 ? OpenClDevices.Missing : null;

    /// <inheritdoc/>
    public override string? Resolve(string name) => name == Name ? Prefix + "0" : Index(name) is { } index ? Prefix + index : null;

    /// <inheritdoc/>
    public override DeviceKernels Open(string name) => new OpenClKernels(new OpenClDriver(Index(name)
        ?? throw new DeviceException($"'{name}' is not the name of an OpenCL device, such as opencl:0.")));

    private static int? Index(string name) => name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
}
