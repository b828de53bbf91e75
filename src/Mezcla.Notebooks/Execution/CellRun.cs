using System.Collections.Concurrent;
using Mezcla.Notebooks.Cells;

namespace Mezcla.Notebooks;

/// <summary>
/// One execution of a cell, as seen from the code it runs: found from any thread or task the cell started.
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

    /// <summary>The run on whose behalf the calling code works, or null outside cells.</summary>
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

    /// <summary>The cell's result was handed out; background work may still print.</summary>
    public void End()
    {
        _ended = true;
        Running.TryRemove(this, out _);
    }

    /// <summary>The process ends while cells run. Says so to their hosts while there is still time.</summary>
    /// <remarks>The event comes on a thread of its own, so that nothing tells whether a cell asked for the end.</remarks>
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

        // The hosts have the results then; they need a moment to pass them on.
        if (running.Count > 0 && SpinWait.SpinUntil(() => running.TrueForAll(run => run._ended), TimeSpan.FromSeconds(2)))
            Thread.Sleep(300);
    }

    /// <summary>Prints an exception that left a thread the cell started.</summary>
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

    /// <exception cref="NotSupportedException">There is nobody to ask.</exception>
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

    /// <summary>Asks the cell's code to stop, wherever it is: in a loop, asleep, waiting, printing or calling itself.</summary>
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
        // Code that catches the first interrupt may block again, so this goes on until all
        // is quiet; what is left over after that stops when it prints.
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
