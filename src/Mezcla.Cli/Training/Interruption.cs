using System.Runtime.InteropServices;

namespace Mezcla.Cli.Training;

/// <summary>Turns Ctrl+C and SIGTERM into a request to stop after the current step. A second Ctrl+C ends the process as usual.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _requested = new();
    private readonly PosixSignalRegistration _terminate;

    public Interruption()
    {
        Console.CancelKeyPress += OnCancelKey;
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnTerminate);
    }

    /// <summary>Cancelled once the user, or the system, asks to stop.</summary>
    public CancellationToken Token => _requested.Token;

    /// <summary>Gives the signals back.</summary>
    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancelKey;
        _terminate.Dispose();
        _requested.Dispose();
    }

    private void OnCancelKey(object? sender, ConsoleCancelEventArgs e)
    {
        e.Cancel = !_requested.IsCancellationRequested;
        _requested.Cancel();
    }

    private void OnTerminate(PosixSignalContext context)
    {
        context.Cancel = true;
        _requested.Cancel();
    }
}
