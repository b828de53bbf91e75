using System.CommandLine;
using Mezcla.Tensors;

namespace Mezcla.Cli.Shared;

/// <summary>The option <c>--device</c>, and the environment variable
/// <c>MEZCLA_DEVICE</c> that is used if the option is not given.</summary>
internal static class Devices
{
    /// <summary>A new option <c>--device</c> for a command.</summary>
    public static Option<string?> Option() => new("--device")
    {
        Description = "Device to compute on: cpu, plain, opencl, cuda, mps or torch:cpu, with a number if there are several, such as " +
            "opencl:1. 'mezcla doctor' lists them. [default: the environment variable MEZCLA_DEVICE, else an NVIDIA or Apple GPU if " +
            "libtorch for it is installed, else cpu]",
    };

    /// <summary>The device that the option names, or else the best one.</summary>
    /// <param name="name">The option's value; null if it was not given.</param>
    /// <param name="localRank">The number of this process on its machine, if several work together: of several GPUs it takes that with
    /// this number, unless the name has a number already.</param>
    public static Device Chosen(string? name, int? localRank = null) => name is null ? Device.Best
        : Device.Parse(localRank is { } rank && name is "cuda" or "torch:cuda" or "opencl" ? $"{name}:{rank}" : name, "--device");

    /// <summary>Checks, before any work begins, that a device can multiply in a
    /// precision. The device's own setting does not change.</summary>
    /// <exception cref="DeviceException">It cannot.</exception>
    public static void RequirePrecision(Device device, ProductPrecision precision)
    {
        var before = device.ProductPrecision;
        device.ProductPrecision = precision;
        device.ProductPrecision = before;
    }
}
