using System.Runtime.ExceptionServices;

namespace Mezcla.Notebooks;

/// <summary>Keeps what cells do to the process from ending it: exceptions on their threads,
/// exits through libraries, prints to a console that isn't theirs.</summary>
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

    /// <summary>An exception left a thread or an async void method of a cell: report it there instead of ending the process.</summary>
    private static bool Survive(Exception exception)
    {
        if (CellRun.Current is not { } run)
            return false;

        run.ReportStray(exception);
        return true;
    }
}
