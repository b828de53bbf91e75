using System.Globalization;

namespace Mezcla.Kernel;

/// <summary>
/// The kernel's own log: one line for each thing worth knowing, on the process's standard error, which the Jupyter server keeps.
/// A peer that sends nonsense without end gets a bounded number of lines.
/// </summary>
internal sealed class KernelLog(TextWriter writer, bool verbose = false)
{
    private const int LinesInWindow = 20;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private long _windowStart;
    private int _lines;
    private long _suppressed;

    /// <summary>Something went wrong and was survived.</summary>
    public void Warn(string message) => Write("warning", message);

    /// <summary>Something that only a person who debugs the kernel wants to see.</summary>
    public void Detail(string message)
    {
        if (verbose)
            Write("info", message);
    }

    private void Write(string level, string message)
    {
        lock (_lock)
        {
            var now = Environment.TickCount64;
            if (now - _windowStart > Window.TotalMilliseconds)
            {
                if (_suppressed > 0)
                    Line("warning", $"{_suppressed.ToString(CultureInfo.InvariantCulture)} further lines were left out");
                _windowStart = now;
                _lines = 0;
                _suppressed = 0;
            }

            if (++_lines > LinesInWindow)
                _suppressed++;
            else
                Line(level, message);
        }
    }

    private void Line(string level, string message)
    {
        var time = DateTime.Now.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        try
        {
            writer.WriteLine($"[mezcla kernel {time} {level}] {message.ReplaceLineEndings(" ")}");
            writer.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Whoever read the log has gone; the kernel's work does not depend on it.
        }
    }
}
