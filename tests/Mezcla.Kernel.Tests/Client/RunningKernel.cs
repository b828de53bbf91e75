using System.Text;
using Mezcla.Kernel.Zmtp;

namespace Mezcla.Kernel.Tests.Client;

/// <summary>A kernel in this process, for the length of a test.</summary>
internal sealed class RunningKernel : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StringBuilder _log;

    public RunningKernel(ConnectionFile? connection = null, ZmtpLimits? limits = null, string? history = null)
    {
        var log = new StringWriter();
        _log = log.GetStringBuilder();
        var options = new KernelOptions { Log = TextWriter.Synchronized(log), HistoryFile = history };
        Kernel = new JupyterKernel(connection ?? ConnectionFile.Create(), options, limits ?? new ZmtpLimits());
        Ended = Kernel.RunAsync(_stop.Token);
    }

    public JupyterKernel Kernel { get; }

    public Task<bool> Ended { get; }

    public ConnectionFile Connection => Kernel.Connection;

    public string Log => _log.ToString();

    public Task<KernelClient> ConnectAsync() => KernelClient.ConnectAsync(Connection);

    public async Task WaitForLogAsync(string text)
    {
        for (int i = 0; i < 600 && !Log.Contains(text, StringComparison.Ordinal); i++)
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
