namespace Mezcla.Tests;

/// <summary>
/// Chooses what a run of the tests takes where everything would take too long: a third each day, so that three days see all of it.
/// With MEZCLA_ALL=1 in the environment it is all of it at once.
/// </summary>
internal static class Rotation
{
    private const int Days = 3;

    /// <summary>What is due today.</summary>
    /// <param name="all">Everything, in a fixed order.</param>
    /// <param name="shift">By how many days this rotation is ahead: two with different shifts take different thirds.</param>
    public static IEnumerable<string> Today(IEnumerable<string> all, int shift) =>
        Environment.GetEnvironmentVariable("MEZCLA_ALL") == "1" ? all : On(DateOnly.FromDateTime(DateTime.UtcNow).DayNumber, all, shift);

    /// <summary>What is due on a day.</summary>
    public static IEnumerable<string> On(int day, IEnumerable<string> all, int shift) =>
        all.Where((_, place) => (place + day + shift) % Days == 0);
}
