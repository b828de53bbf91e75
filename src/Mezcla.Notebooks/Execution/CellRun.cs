using System.Collections.Concurrent;
using Mezcla.Notebooks.Cells;

namespace Mezcla.Notebooks;

/// <summary>
/// One execution of a cell. The code of the cell finds its run (<see cref="Current"/>) from any thread or task that it started.
/// </summary>
internal sealed class CellRun(EngineState engine, OutputQueue queue, ICellOutput output, CellOptions options, string name)
{
    private static readonly AsyncLocal<CellRun?> AmbientCurrent = new(OnChanged);
    private static readonly ConcurrentDictionary<CellRun, bool> Running = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly RunThreads _threads = new();
    private readonly TaskCompletionSource<CellResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _ended;
    private int _stopping;

    /// <summary>The run that the calling code belongs to, or null outside cells.</summary>
    public static CellRun? Current
    {
        get => AmbientCurrent.Value;
        set
        {
            AmbientCurrent.Value = value;
            FormatterSet.Current = value?.Engine.Formatters;
        }
    }

    public EngineState Engine => engine;

    /// <summary>The cell's result, once it is known.</summary>
    public Task<CellResult> Completion => _completion.Task;

    public CellOptions Options => options;

    public string Name => name;

    /// <summary>Cancelled when the cell is to stop.</summary>
    public CancellationToken Stopping => _stop.Token;

    public bool IsStopping => Volatile.Read(ref _stopping) != 0;

    public void Begin() => Running[this] = true;

    public void Complete(CellResult result) => _completion.TrySetResult(result);

    /// <summary>Called when the host has received the cell's result. Background work of the cell may still print.</summary>
    public void End()
    {
        _ended = true;
        Running.TryRemove(this, out _);
    }

    /// <summary>Called when the process exits while cells run. Reports it to their hosts while there is still time.</summary>
    /// <remarks>The exit event comes on its own thread, so it is not known whether a cell caused the exit.</remarks>
    public static void ProcessExits()
    {
        const string Text =
            "The kernel's process ended while this cell ran: a library the cell called ended it, or it was stopped from outside. "
            + "All variables are lost; restart the kernel to go on.";
        var running = Running.Keys.ToList();
        foreach (var run in running)
            run.Complete(
                new CellResult
                {
                    Error = new CellError(CellErrorKind.Exception, "ProcessExit", Text, [Ansi.Red("ProcessExit") + ": " + Text])
                });

        // The hosts now have the results, but need a moment to send them to the front end.
        if (running.Count > 0 && SpinWait.SpinUntil(() => running.TrueForAll(run => run._ended), TimeSpan.FromSeconds(2)))
            Thread.Sleep(300);
    }

    /// <summary>Prints an unhandled exception of a thread that the cell started.</summary>
    public void ReportStray(Exception exception)
    {
        if (IsStopping)
            return;

        var error = ExceptionReport.Make(exception, name, engine.SourceOf);
        queue.Write(output, OutputStream.Error,
            "In a thread or async void method started by this cell:\n" + string.Join('\n', error.Traceback) + "\n");
    }

    public void ThrowIfStopping()
    {
        if (IsStopping)
            throw new CellInterruptedException();
    }

    public void Write(OutputStream stream, string text)
    {
        ThrowIfLeftOver();
        queue.Write(output, stream, text);
    }

    public void Post(Action<ICellOutput> call)
    {
        ThrowIfLeftOver();
        queue.Post(output, call);
    }

    /// <exception cref="NotSupportedException">The host does not allow input.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted while it waited.</exception>
    public string? ReadLine(string prompt, bool password)
    {
        if (!options.AllowInput)
            throw new NotSupportedException("This cell asked for input (Console.ReadLine), but nobody can answer here.");

        queue.FlushAsync().Wait(_stop.Token);
        Task<string?> answer;
        using (ExecutionContext.SuppressFlow())
            answer = Task.Run(() => output.ReadLineAsync(prompt, password, _stop.Token));

        try
        {
            answer.Wait(_stop.Token);
        }
        catch (AggregateException exception) when (exception.InnerException is NotSupportedException reason)
        {
            throw new NotSupportedException(reason.Message, reason);
        }

        return answer.Result;
    }

    /// <summary>Asks the cell's code to stop, whether it loops, sleeps, waits, prints or recurses.</summary>
    public void Interrupt()
    {
        if (Interlocked.Exchange(ref _stopping, 1) != 0)
            return;

        Interlocked.Increment(ref CellGuard.Stopping);
        var waker = new Thread(Wake) { IsBackground = true, Name = "cell interrupt" };
        waker.UnsafeStart();
        ThreadPool.UnsafeQueueUserWorkItem(stop => stop.Cancel(), _stop, preferLocal: false);
    }

    private void Wake()
    {
        // Code that catches the first interrupt may block again, so interrupt until every thread has left the cell. Code that still runs
        // after the deadline stops when it next prints.
        var deadline = Environment.TickCount64 + 10_000;
        while (Environment.TickCount64 < deadline && !(_ended && _threads.IsEmpty))
        {
            _threads.InterruptBlocked();
            Thread.Sleep(20);
        }

        Interlocked.Decrement(ref CellGuard.Stopping);
    }

    private void ThrowIfLeftOver()
    {
        if (_ended && IsStopping)
            throw new CellInterruptedException();
    }

    private static void OnChanged(AsyncLocalValueChangedArgs<CellRun?> change)
    {
        if (change.PreviousValue == change.CurrentValue)
            return;

        change.PreviousValue?._threads.Leave();
        change.CurrentValue?._threads.Enter();
    }
}
