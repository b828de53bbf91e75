using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// Large blocks in pages of 2 MB, which Linux gives where it is asked (transparent huge pages, "madvise" being the usual setting): reading
/// all weights for each token then looks up one page where it looked up 512. Other systems offer no huge pages to ordinary users.
/// </summary>
public static partial class HugePages
{
    private const int MadvHugePage = 14;

    /// <summary>Blocks of this size and more are aligned to it.</summary>
    public const int Size = 2 << 20;

    private static bool _canAsk = OperatingSystem.IsLinux();

    /// <summary>Asks the system for huge pages; if it has none or refuses, the block stays in ordinary pages.</summary>
    public static void Ask(nint address, long bytes)
    {
        if (!_canAsk)
            return;
        try
        {
            _ = madvise(address, (nuint)bytes, MadvHugePage);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            _canAsk = false;
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}
