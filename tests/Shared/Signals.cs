using System.Diagnostics;

namespace Mezcla.Tests;

/// <summary>What a process does with the signals of Unix.</summary>
internal static class Signals
{
    /// <summary>
    /// Whether a process ignores SIGINT since it was started so: a shell's background jobs are, with
    /// all that they start, and so never hear of Ctrl+C. Said by Linux only.
    /// </summary>
    public static bool IgnoresInterrupt(Process process)
    {
        var status = $"/proc/{process.Id}/status";
        // The mask of ignored signals in hexadecimal; signal 2 is its second bit.
        return File.Exists(status)
            && (Convert.ToUInt64(File.ReadLines(status).Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim(),
                16) & 2) != 0;
    }
}
