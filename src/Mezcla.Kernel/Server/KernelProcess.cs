using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mezcla.Kernel;

/// <summary>A process that is a kernel: signals, and a parent that may die.</summary>
public static class KernelProcess
{
    /// <summary>Runs a kernel until it is shut down; then the process should end, as a
    /// cell that cannot be interrupted may still run.</summary>
    /// <param name="connection">Where to listen.</param>
    /// <param name="options">Name, cells' surroundings, log.</param>
    /// <param name="ready">Told the connection with the ports in use, before clients are served.</param>
    /// <returns>The exit code for the process.</returns>
    /// <exception cref="IOException">An address is taken.</exception>
    /// <exception cref="FormatException">The connection asks for a transport that does not exist.</exception>
    /// <exception cref="NotSupportedException">The connection asks for an unknown signature scheme.</exception>
    public static async Task<int> RunAsync(ConnectionFile connection, KernelOptions options, Action<ConnectionFile>? ready = null)
    {
        using var stop = new CancellationTokenSource();
        await using var kernel = new JupyterKernel(connection, options);

        // Ctrl-C in the terminal that started the kernel means the cell, not the kernel.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            kernel.Interrupt();
        });
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        WatchParent(Environment.GetEnvironmentVariable("JPY_PARENT_PID"), () => stop.Cancel());
        ready?.Invoke(kernel.Connection);
        await kernel.RunAsync(stop.Token).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Jupyter's servers name their process so that their kernels do not outlive
    /// them: a number, on Windows an inherited handle.</summary>
    internal static void WatchParent(string? value, Action gone)
    {
        if (!long.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out var parent) || parent <= 1)
            return;
        var thread = new Thread(() => WaitForParent(parent, gone)) { IsBackground = true, Name = "parent" };
        thread.Start();
    }

    private static void WaitForParent(long parent, Action gone)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                using var handle = new ManualResetEvent(false) { SafeWaitHandle = new SafeWaitHandle((nint)parent, ownsHandle: true) };
                handle.WaitOne();
            }
            else
            {
                using var process = Process.GetProcessById((int)parent);
                while (!process.WaitForExit(1000))
                {
                }
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException
            or System.ComponentModel.Win32Exception)
        {
            // It had gone already, or on Windows the handle was not inherited. In the second case the kernel lives until it is shut down.
            if (OperatingSystem.IsWindows())
                return;
        }

        gone();
    }
}
