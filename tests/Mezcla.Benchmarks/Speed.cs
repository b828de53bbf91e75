using System.Diagnostics;

namespace Mezcla.Benchmarks;

/// <summary>How much is done in a second.</summary>
internal static class Speed
{
    /// <summary>Repeats something for some seconds.</summary>
    /// <param name="once">Does it once, and says how much that was.</param>
    /// <param name="finish">Waits for a device that is still at it.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="processorTime">Whether the seconds are those of the processor, for a machine that others use.</param>
    public static double Measure(Func<double> once, Action? finish, double seconds, bool processorTime)
    {
        finish?.Invoke();
        var (done, start) = (0.0, Now());
        while (Now() - start < seconds)
        {
            done += once();
            finish?.Invoke();
        }

        return done / (Now() - start);

        double Now() => processorTime ? Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds
            : Stopwatch.GetElapsedTime(0).TotalSeconds;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
