using System.Text;

namespace Mezcla.Tensors.Devices.Gpu.OpenCl;

/// <summary>The devices of all platforms that the OpenCL loader knows, in its order.</summary>
internal static unsafe class OpenClDevices
{
    private static readonly Lazy<IReadOnlyList<(nint Id, DeviceDescription Description)>> Found = new(Search);

    internal static IReadOnlyList<(nint Id, DeviceDescription Description)> All => Found.Value;

    /// <summary>What is missing where there is no device.</summary>
    internal static string Missing => !Cl.IsThere
        ? $"OpenCL's loader ({string.Join(" or ", Cl.Names)}) is not installed. A graphics driver brings it, or on Debian: apt-get install ocl-icd-libopencl1 pocl-opencl-icd."
        : "OpenCL's loader is installed, but no driver is registered with it. Install the driver of the GPU, or PoCL (on Debian: apt-get install pocl-opencl-icd).";

    private static List<(nint, DeviceDescription)> Search()
    {
        var all = new List<(nint, DeviceDescription)>();
        uint count = 0;
        if (!Cl.IsThere || Cl.clGetPlatformIDs(0, null, &count) != Cl.Success || count == 0)
            return all;
        var platforms = new nint[count];
        fixed (nint* to = platforms)
            Cl.clGetPlatformIDs(count, to, null);
        foreach (nint platform in platforms)
        {
            uint devices = 0;
            if (Cl.clGetDeviceIDs(platform, Cl.DeviceTypeAll, 0, null, &devices) != Cl.Success || devices == 0)
                continue;
            var ids = new nint[devices];
            fixed (nint* to = ids)
                Cl.clGetDeviceIDs(platform, Cl.DeviceTypeAll, devices, to, null);
            string name = Text(platform, Cl.PlatformName, platform: true);
            foreach (nint id in ids)
                all.Add((id, new DeviceDescription($"opencl:{all.Count}", Text(id, Cl.DeviceName), Number(id, Cl.DeviceGlobalMemory),
                    $"{name}, {Text(id, Cl.DeviceVersion)}, driver {Text(id, Cl.DriverVersion)}", (Number(id, Cl.DeviceTypeInfo) & (long)Cl.DeviceTypeCpu) != 0)));
        }
        return all;
    }

    internal static long Number(nint device, uint what)
    {
        long value = 0;
        Cl.clGetDeviceInfo(device, what, sizeof(long), &value, null);
        return value;
    }

    private static string Text(nint of, uint what, bool platform = false)
    {
        byte* text = stackalloc byte[512];
        nuint length = 0;
        int error = platform ? Cl.clGetPlatformInfo(of, what, 512, text, &length) : Cl.clGetDeviceInfo(of, what, 512, text, &length);
        return error == Cl.Success ? Encoding.UTF8.GetString(text, (int)length).TrimEnd('\0').Trim() : "unknown";
    }
}
