using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Tests.Client;

/// <summary>A kernel in this process, for the length of a test.</summary>
internal sealed class RunningKernel : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StringWriter _text = new();
    private readonly TextWriter _log;

    public RunningKernel(ConnectionFile? connection = null, ZmtpLimits? limits = null, string? history = null)
    {
        _log = TextWriter.Synchronized(_text);
        var options = new KernelOptions { Log = _log, HistoryFile = history };
        Kernel = new JupyterKernel(connection ?? ConnectionFile.Create(), options, limits ?? new ZmtpLimits());
        Ended = Kernel.RunAsync(_stop.Token);
    }

    public JupyterKernel Kernel { get; }

    public Task<bool> Ended { get; }

    public ConnectionFile Connection => Kernel.Connection;

    public string Log
    {
        get
        {
            // What a synchronized writer locks while the kernel writes.
            lock (_log)
                return _text.ToString();
        }
    }

    public Task<KernelClient> ConnectAsync() => KernelClient.ConnectAsync(Connection);

    /// <summary>Code for a cell to wait until so many messages from here on, its own
    /// request among them, have come on the shell channel.</summary>
    public string AfterMessages(int count)
    {
        var name = $"mezcla.tests.{Guid.NewGuid():N}";
        var last = Kernel.LastOnShell + count;
        AppDomain.CurrentDomain.SetData(name, new Func<bool>(() => Kernel.LastOnShell >= last));
        return $"while (!((Func<bool>)AppContext.GetData(\"{name}\"))()) System.Threading.Thread.Sleep(1); ";
    }

    public async Task WaitForLogAsync(string text)
    {
        for (var i = 0; i < 2400 && !Log.Contains(text, StringComparison.Ordinal); i++)
            await Task.Delay(50);
        Assert.Contains(text, Log);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Ended;
        await Kernel.DisposeAsync();
    }
}
