using System.Text;
using Silk.NET.OpenCL;

namespace Mezcla.Tensors.OpenCl;

/// <summary>The devices of all platforms that OpenCL's loader knows, in its order.</summary>
internal static unsafe class OpenClDevices
{
    private const int Success = 0, TextBytes = 512;

    private static readonly Lazy<IReadOnlyList<(nint Id, DeviceDescription Description)>> Found = new(Search);

    public static IReadOnlyList<(nint Id, DeviceDescription Description)> All => Found.Value;

    /// <summary>What is missing where there is no device, and how to get it.</summary>
    public static string Missing => OpenClLibrary.Api is null
        ? "OpenCL's loader (libOpenCL) is not installed. A graphics driver brings it, or on Debian: apt-get install ocl-icd-libopencl1 " +
            "pocl-opencl-icd."
        : "OpenCL's loader is installed, but no driver is registered with it. Install the driver of the GPU, or PoCL (on Debian: apt-get " +
            "install pocl-opencl-icd).";

    /// <summary>A property of a device that is a number.</summary>
    public static long Number(nint device, DeviceInfo property)
    {
        long value = 0;
        OpenClLibrary.Api!.GetDeviceInfo(device, property, sizeof(long), &value, null);
        return value;
    }

    private static List<(nint, DeviceDescription)> Search()
    {
        var all = new List<(nint, DeviceDescription)>();
        uint count = 0;
        if (OpenClLibrary.Api is not { } api || api.GetPlatformIDs(0, null, &count) != Success || count == 0)
            return all;
        var platforms = new nint[count];
        fixed (nint* to = platforms)
            api.GetPlatformIDs(count, to, (uint*)null);
        foreach (var platform in platforms)
        {
            uint devices = 0;
            if (api.GetDeviceIDs(platform, DeviceType.All, 0, null, &devices) != Success || devices == 0)
                continue;
            var ids = new nint[devices];
            fixed (nint* to = ids)
                api.GetDeviceIDs(platform, DeviceType.All, devices, to, (uint*)null);
            foreach (var id in ids)
                all.Add((id, Describe(platform, id, all.Count)));
        }
        return all;
    }

    private static DeviceDescription Describe(nint platform, nint device, int index)
    {
        var driver =
            $"{Text(platform, PlatformInfo.Name)}, {Text(device, DeviceInfo.Version)}, driver {Text(device, DeviceInfo.DriverVersion)}";
        var isProcessor = (Number(device, DeviceInfo.Type) & (long)DeviceType.Cpu) != 0;
        return new DeviceDescription($"opencl:{index}", Text(device, DeviceInfo.Name), Number(device, DeviceInfo.GlobalMemSize), driver,
            isProcessor);
    }

    private static string Text(nint device, DeviceInfo property)
    {
        var text = stackalloc byte[TextBytes];
        nuint length = 0;
        return Decode(OpenClLibrary.Api!.GetDeviceInfo(device, property, TextBytes, text, &length), text, length);
    }

    private static string Text(nint platform, PlatformInfo property)
    {
        var text = stackalloc byte[TextBytes];
        nuint length = 0;
        return Decode(OpenClLibrary.Api!.GetPlatformInfo(platform, property, TextBytes, text, &length), text, length);
    }

    private static string Decode(int error, byte* text, nuint length)
        => error == Success ? Encoding.UTF8.GetString(text, (int)length).TrimEnd('\0').Trim() : "unknown";
}
