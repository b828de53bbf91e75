using System.Runtime.ExceptionServices;

namespace Mezcla.Notebooks;

/// <summary>
/// Keeps cells from ending the process or disturbing it: by exceptions on their threads, by exits that a library calls, and by prints to
/// a console that is not theirs.
/// </summary>
internal static class ProcessGuard
{
    private static readonly Lock Lock = new();
    private static bool _installed;

    public static void Install()
    {
        lock (Lock)
        {
            if (_installed)
                return;

            ConsoleRouter.Install();
            AppDomain.CurrentDomain.ProcessExit += (_, _) => CellRun.ProcessExits();
            _installed = true;
            try
            {
                ExceptionHandling.SetUnhandledExceptionHandler(Survive);
            }
            catch (InvalidOperationException)
            {
                // The host has a handler of its own; it decides.
            }
        }
    }

    /// <summary>Handles an unhandled exception of a cell's thread or async void
    /// method: reports it in that cell instead of ending the process.</summary>
    private static bool Survive(Exception exception)
    {
        if (CellRun.Current is not { } run)
            return false;

        run.ReportStray(exception);
        return true;
    }
}
