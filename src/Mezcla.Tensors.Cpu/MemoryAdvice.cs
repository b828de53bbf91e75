using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// What the system is told of the use of memory (<c>madvise</c> of Linux and macOS). Where it has no such advice, or refuses it, memory
/// stays as it is.
/// </summary>
public static partial class MemoryAdvice
{
    /// <summary>The bytes of a huge page of Linux. Blocks that are to have huge pages are aligned to it.</summary>
    public const int HugePage = 2 << 20;

    private const int DontNeed = 4, Huge = 14;

    private static bool _canAdvise = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>
    /// Asks Linux for huge pages, which it gives where it is asked (transparent huge pages, "madvise" being the usual setting): reading all
    /// weights for each token then looks up one page where it looked up 512. Other systems offer none to ordinary users.
    /// </summary>
    /// <param name="address">The first byte, aligned to <see cref="HugePage"/>.</param>
    /// <param name="bytes">How many.</param>
    public static void AskForHugePages(nint address, long bytes)
    {
        if (OperatingSystem.IsLinux())
            Advise(address, bytes, Huge);
    }

    /// <summary>Says that pages of a mapped file are not needed for now. They are read again when they are used.</summary>
    /// <param name="address">The first byte, aligned to a page.</param>
    /// <param name="bytes">How many.</param>
    public static void Release(nint address, long bytes) => Advise(address, bytes, DontNeed);

    private static void Advise(nint address, long bytes, int advice)
    {
        if (!_canAdvise)
            return;
        try
        {
            _ = madvise(address, (nuint)bytes, advice);
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            _canAdvise = false;
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);
}
