namespace Mezcla.Learn.Work;

/// <summary>Does something a moment after it was wanted, once for all who wanted it meanwhile, never twice at a time.</summary>
/// <param name="moment">How long to wait.</param>
/// <param name="action">What to do.</param>
internal sealed class Later(TimeSpan moment, Action action) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private Task _task = Task.CompletedTask;
    private bool _wanted;

    public void Want()
    {
        lock (_lock)
        {
            if (_wanted)
                return;
            _wanted = true;
            _task = Do(_task);
        }
    }

    /// <summary>Waits until all that was wanted is done.</summary>
    public async ValueTask DisposeAsync()
    {
        Task task;
        lock (_lock)
            task = _task;
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Do(Task before)
    {
        // What failed before is no reason not to try again.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(moment).ConfigureAwait(false);
        lock (_lock)
            _wanted = false;
        action();
    }
}
