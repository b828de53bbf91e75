using System.Text;

namespace Mezcla.Notebooks;

/// <summary>
/// Carries output from cells to their <see cref="ICellOutput"/> in order, on a thread of its own.
/// </summary>
/// <remarks>
/// The cell's thread only appends to memory. An interrupt therefore never hits a front end's socket or file in the middle of a write,
/// prints are joined into few messages, and a cell that prints faster than the front end reads waits instead of filling the memory.
/// </remarks>
internal sealed class OutputQueue : IDisposable
{
    private const int LargestPiece = 1 << 16;
    private const int MostPending = 1 << 22;
    private static readonly TimeSpan JoiningTime = TimeSpan.FromMilliseconds(25);

    private readonly object _lock = new();
    private readonly Thread _thread;
    private List<Entry> _entries = [];
    private int _pendingCharacters;
    private int _urgent;
    private bool _closed;

    public OutputQueue()
    {
        using (ExecutionContext.SuppressFlow())
        {
            _thread = new Thread(Deliver) { IsBackground = true, Name = "cell output" };
            _thread.Start();
        }
    }

    public void Write(ICellOutput target, OutputStream stream, string text)
    {
        if (text.Length == 0)
            return;

        lock (_lock)
        {
            while (_pendingCharacters > MostPending && !_closed)
                Monitor.Wait(_lock);

            if (_closed)
                return;

            var last = _entries.Count > 0 ? _entries[^1] : null;
            if (last?.Text is not null && last.Target == target && last.Stream == stream && last.Text.Length < LargestPiece)
                last.Text.Append(text);
            else
                _entries.Add(new Entry(target, stream, new StringBuilder(text), null));

            _pendingCharacters += text.Length;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Appends a call on the output, to be made after everything appended before it.</summary>
    public void Post(ICellOutput target, Action<ICellOutput> call)
    {
        lock (_lock)
        {
            if (_closed)
                return;

            _entries.Add(new Entry(target, default, null, call));
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Completes when everything appended so far has been delivered.</summary>
    public Task FlushAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_closed || _thread == Thread.CurrentThread)
                return Task.CompletedTask;

            _urgent++;
            _entries.Add(new Entry(null, default, null, _ => done.SetResult()));
            Monitor.PulseAll(_lock);
        }

        return done.Task;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.PulseAll(_lock);
        }

        if (_thread != Thread.CurrentThread)
            _thread.Join(TimeSpan.FromSeconds(2));
    }

    private void Deliver()
    {
        while (true)
        {
            List<Entry> batch;
            lock (_lock)
            {
                while (_entries.Count == 0 && !_closed)
                    Monitor.Wait(_lock);

                if (_entries.Count == 0)
                    return;

                // A short pause joins a loop's many prints into one message.
                var deadline = Environment.TickCount64 + (long)JoiningTime.TotalMilliseconds;
                while (_urgent == 0 && !_closed && _pendingCharacters < LargestPiece && Environment.TickCount64 < deadline)
                    Monitor.Wait(_lock, (int)Math.Max(1, deadline - Environment.TickCount64));

                batch = _entries;
                _entries = [];
                _urgent = 0;
                _pendingCharacters = 0;
                Monitor.PulseAll(_lock);
            }

            foreach (var entry in batch)
                entry.Deliver();
        }
    }

    private sealed record Entry(ICellOutput? Target, OutputStream Stream, StringBuilder? Text, Action<ICellOutput>? Call)
    {
        public void Deliver()
        {
            try
            {
                if (Text is not null)
                    Target!.Write(Stream, Text.ToString());
                else
                    Call!(Target!);
            }
            catch (Exception exception)
            {
                // A front end that went away must not take the cell with it; the engine's host finds the reason in a debugger or listener.
                System.Diagnostics.Trace.TraceWarning("Output of a cell could not be delivered: {0}", exception);
            }
        }
    }
}
