namespace Mezcla.Notebooks;

/// <summary>The threads that work for a cell at this moment, so that those asleep can be woken.</summary>
/// <remarks>
/// <see cref="Enter"/> and <see cref="Leave"/> are called while execution contexts switch, where an exception would end the process; they
/// therefore never let one out. A thread leaves without a pending interrupt: a thread-pool thread goes on to work for others.
/// </remarks>
internal sealed class RunThreads
{
    private readonly object _lock = new();
    private readonly Dictionary<Thread, bool> _interrupted = [];

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _interrupted.Count == 0;
        }
    }

    public void Enter() => Locked(() => _interrupted[Thread.CurrentThread] = false);

    public void Leave()
    {
        var wasInterrupted = false;
        Locked(() => _interrupted.Remove(Thread.CurrentThread, out wasInterrupted));
        if (!wasInterrupted)
            return;

        try
        {
            Thread.Sleep(1);
        }
        catch (ThreadInterruptedException)
        {
            // That was the interrupt that had not been noticed yet.
        }
    }

    /// <summary>Wakes the threads that sleep or wait.</summary>
    public void InterruptBlocked()
    {
        lock (_lock)
        {
            foreach (var thread in _interrupted.Keys.ToList())
            {
                if ((thread.ThreadState & ThreadState.WaitSleepJoin) == 0)
                    continue;

                _interrupted[thread] = true;
                thread.Interrupt();
            }
        }
    }

    private void Locked(Action change)
    {
        while (true)
        {
            try
            {
                lock (_lock)
                {
                    change();
                    return;
                }
            }
            catch (ThreadInterruptedException)
            {
                // Interrupted while waiting for the lock: the change has not been made yet.
            }
        }
    }
}
