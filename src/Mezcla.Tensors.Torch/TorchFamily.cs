using System.Globalization;
using Mezcla.Tensors;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch;

[assembly: DeviceFamily(typeof(TorchFamily))]

namespace Mezcla.Tensors.Torch;

/// <summary>The devices of libtorch: NVIDIA's and Apple's GPUs, and the CPU.</summary>
public sealed class TorchFamily : DeviceFamily
{
    /// <inheritdoc/>
    public override string Name => "torch";

    /// <inheritdoc/>
    public override string Usage => "torch:cpu, cuda, cuda:1, mps";

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceDescription> Found => TorchDevices.Found;

    /// <inheritdoc/>
    public override string? Preferred => TorchDevices.Preferred;

    /// <inheritdoc/>
    public override string? Report => TorchDevices.Missing;

    /// <inheritdoc/>
    public override string? Resolve(string name)
    {
        var device = name.StartsWith("torch:", StringComparison.Ordinal) ? name["torch:".Length..] : name == "cpu" ? "" : name;
        return device switch
        {
            "cpu" or "mps" => $"torch:{device}",
            "cuda" => "torch:cuda:0",
            _ => Index(device) is { } index ? $"torch:cuda:{index}" : null,
        };
    }

    /// <inheritdoc/>
    public override DeviceKernels Open(string name) => name switch
    {
        "torch:cpu" => new TorchKernels("cpu", 0),
        "torch:mps" => OperatingSystem.IsMacOS()
            ? new TorchKernels("mps", 0)
            : throw new DeviceException("mps is the GPU of a Mac, and this machine is not a Mac."),
        _ => new TorchKernels("cuda", Index(name["torch:".Length..])
            ?? throw new DeviceException($"'{name}' is not the name of a device of libtorch, such as torch:cuda:0.")),
    };

    private static int? Index(string device) => device.StartsWith("cuda:", StringComparison.Ordinal)
        && int.TryParse(device.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;
}
