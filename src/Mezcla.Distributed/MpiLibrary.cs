using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Mezcla.Distributed;

/// <summary>
/// The MPI of this machine. MPI.NET is bound to Microsoft's, whose calls and handles are those of MPICH; on other systems its
/// calls are answered by MPICH itself, or by Intel MPI or MVAPICH, which have the same binary interface.
/// </summary>
public static unsafe class MpiLibrary
{
    // Open MPI's library is libmpi.so.40: it has none of these names.
    private static readonly string[] Names = OperatingSystem.IsWindows()
        ? ["msmpi"]
        : ["libmpich.so.12", "libmpi.so.12", "libmpich.so", "libmpi.12.dylib", "libmpich.12.dylib"];

    private static readonly Lazy<(string Name, nint Handle)> Found = new(Find);
    private static int _bound;

    /// <summary>The name of the library that was found; null if there is none.</summary>
    public static string? Name => Found.Value.Handle == 0 ? null : Found.Value.Name;

    /// <summary>The library's own description of itself, in one line; null if there is none.</summary>
    public static string? Version
    {
        get
        {
            if (Found.Value.Handle == 0 || !NativeLibrary.TryGetExport(Found.Value.Handle, "MPI_Get_library_version", out var address))
                return null;
            var text = stackalloc byte[8192]; // MPI_MAX_LIBRARY_VERSION_STRING is 8192 in MPICH
            var length = 0;
            ((delegate* unmanaged[Cdecl]<byte*, int*, int>)address)(text, &length);
            var lines = Encoding.UTF8.GetString(text, length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return string.Join(' ', lines[0].Split((char[])['\t', ' '], StringSplitOptions.RemoveEmptyEntries));
        }
    }

    /// <summary>Lets the calls of MPI.NET reach the library. Call it before the first of them.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    internal static void Bind()
    {
        if (Name is null)
            throw new DllNotFoundException(
                $"MPI's library was not found (looked for {string.Join(", ", Names)}). On Debian and Ubuntu: apt install mpich.");
        if (Interlocked.Exchange(ref _bound, 1) == 0)
            NativeLibrary.SetDllImportResolver(typeof(MPI.Unsafe).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name.StartsWith("msmpi", StringComparison.OrdinalIgnoreCase) ? Found.Value.Handle : 0;

    private static (string Name, nint Handle) Find()
    {
        foreach (var name in Names)
            if (NativeLibrary.TryLoad(name, out var handle))
                return (name, handle);
        return ("", 0);
    }
}
