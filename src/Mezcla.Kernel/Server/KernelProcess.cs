using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mezcla.Kernel;

/// <summary>Runs a kernel as a process: handles signals, and watches the parent process.</summary>
public static class KernelProcess
{
    /// <summary>
    /// Runs a kernel until it is shut down. The process should then exit, because a cell that cannot be interrupted may still be running.
    /// </summary>
    /// <param name="connection">The addresses to listen on.</param>
    /// <param name="options">Options of the kernel.</param>
    /// <param name="ready">Called with the connection and the ports in use, before clients are served.</param>
    /// <returns>The exit code for the process.</returns>
    /// <exception cref="IOException">An address is in use.</exception>
    /// <exception cref="FormatException">The connection names an unknown transport.</exception>
    /// <exception cref="NotSupportedException">The connection names an unknown signature scheme.</exception>
    public static async Task<int> RunAsync(ConnectionFile connection, KernelOptions options, Action<ConnectionFile>? ready = null)
    {
        using var stop = new CancellationTokenSource();
        await using var kernel = new JupyterKernel(connection, options);

        // Ctrl-C in the terminal that started the kernel interrupts the cell, not the kernel.
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

    /// <summary>
    /// Watches the Jupyter server that started the kernel, so that the kernel does not outlive it. The server passes its process id, or
    /// an inherited handle on Windows.
    /// </summary>
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
            // The parent has already ended, or on Windows the handle was not
            // inherited. In the second case the kernel runs until it is shut down.
            if (OperatingSystem.IsWindows())
                return;
        }

        gone();
    }
}
