using System.CommandLine;
using Mezcla.Tensors;

namespace Mezcla.Cli.Commands;

/// <summary>The option --device, which the environment variable MEZCLA_DEVICE stands in for.</summary>
internal static class Devices
{
    public static Option<string?> Option() => new("--device") { Description = "Where to compute: cpu, opencl, or with a number, such as opencl:1, as mezcla doctor lists them; else what MEZCLA_DEVICE says, else the cpu." };

    public static Device Chosen(string? name) => name is null ? Device.FromEnvironment ?? Device.Cpu : Device.Parse(name, "--device");

    /// <summary>Asks a device for a precision of products before there is work that would be in vain; it keeps the one it has.</summary>
    /// <exception cref="DeviceException">The device does not have it.</exception>
    public static void RequirePrecision(Device device, ProductPrecision precision)
    {
        var before = device.ProductPrecision;
        device.ProductPrecision = precision;
        device.ProductPrecision = before;
    }
}
