using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Devices.Gpu;

/// <summary>Drivers' libraries by the names they have on Linux, Windows and macOS, loaded when first asked for.</summary>
internal static class NativeLibraries
{
    /// <summary>The first of the names that loads; 0 where none does.</summary>
    internal static nint Load(IEnumerable<string> names)
    {
        foreach (string name in names)
            if (NativeLibrary.TryLoad(name, out nint library))
                return library;
        return 0;
    }

    /// <summary>The names on this system.</summary>
    internal static string[] Here(string[] linux, string[] windows, string[] mac)
        => OperatingSystem.IsWindows() ? windows : OperatingSystem.IsMacOS() ? mac : linux;
}
