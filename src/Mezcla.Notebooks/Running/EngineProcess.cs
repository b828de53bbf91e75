using System.Collections.Concurrent;
using System.Diagnostics;

namespace Mezcla.Notebooks.Running;

/// <summary>
/// A cell engine in a process of its own, so that neither an endless loop nor a crash in a cell takes the program that shows the notebook.
/// It is asked as a <see cref="CellEngine"/> is. All members may be called from any thread.
/// </summary>
public sealed class EngineProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<int, ICellOutput> _outputs = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<CellResult>> _runs = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<CompletionResult>> _completions = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<MimeBundle?>> _inspections = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private volatile ICellOutput? _latest;
    private int _id;

    private EngineProcess(Process process)
    {
        _process = process;
        Ended = Follow(ChildProcess.ReadComplaints(process.StandardError));
    }

    /// <summary>Completes when the engine is ready for its first cell, or has ended.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when the process has ended, with the reason in a sentence.</summary>
    public Task<string> Ended { get; }

    /// <summary>The memory that the process has in use, in bytes; 0 when it has ended.</summary>
    public long MemoryInUse
    {
        get
        {
            try
            {
                _process.Refresh();
                return _process.HasExited ? 0 : _process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }
    }

    /// <summary>Starts an engine.</summary>
    /// <param name="start">How to start a process that calls <see cref="EngineHost.ServeAsync"/>.</param>
    /// <param name="folder">The working directory of its cells.</param>
    /// <exception cref="IOException">The process could not be started.</exception>
    public static EngineProcess Start(NotebookProcessStart start, string folder)
    {
        ArgumentNullException.ThrowIfNull(start);
        return new(start.Begin(folder));
    }

    /// <summary>Runs a cell. Failures are returned in the result, not thrown; so is the end of the process.</summary>
    /// <param name="code">The cell's text.</param>
    /// <param name="output">Receives the cell's output, also what it prints after it has ended.</param>
    /// <param name="options">How to run the cell.</param>
    public async Task<CellResult> RunAsync(string code, ICellOutput output, CellOptions options)
    {
        ArgumentNullException.ThrowIfNull(output);
        var id = Interlocked.Increment(ref _id);
        _outputs[id] = _latest = output;
        return await Ask(_runs, id, new EngineRequest.Run(id, code, options), reason => new()
        {
            Error = new(CellErrorKind.Exception, "ProcessEnded", reason, [reason]),
        }).ConfigureAwait(false);
    }

    /// <summary>Interrupts the running cell, if any.</summary>
    public void Interrupt() => Send(new EngineRequest.Interrupt());

    /// <summary>Lists the possible completions at the cursor.</summary>
    /// <inheritdoc cref="CellEngine.CompleteAsync"/>
    public Task<CompletionResult> CompleteAsync(string code, int cursor)
    {
        var id = Interlocked.Increment(ref _id);
        return Ask(_completions, id, new EngineRequest.Complete(id, code, cursor), _ => new(cursor, cursor, []));
    }

    /// <summary>Describes the name at the cursor.</summary>
    /// <inheritdoc cref="CellEngine.InspectAsync"/>
    public Task<MimeBundle?> InspectAsync(string code, int cursor)
    {
        var id = Interlocked.Increment(ref _id);
        return Ask(_inspections, id, new EngineRequest.Inspect(id, code, cursor), _ => null);
    }

    /// <summary>Ends the process, at once if it does not end by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        ChildProcess.CloseInput(_process);
        try
        {
            await Ended.WaitAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Kill();
            await Ended.ConfigureAwait(false);
        }
        _process.Dispose();
        _gone.Dispose();
    }

    /// <summary>Ends the process at once.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended already.
        }
    }

    private async Task<T> Ask<T>(
        ConcurrentDictionary<int, TaskCompletionSource<T>> waiting, int id, EngineRequest request, Func<string, T> ended)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;
        Send(request);
        try
        {
            return await Task.WhenAny(answer.Task, Ended).ConfigureAwait(false) == Ended && !answer.Task.IsCompleted
                ? ended(await Ended.ConfigureAwait(false))
                : await answer.Task.ConfigureAwait(false);
        }
        finally
        {
            waiting.TryRemove(id, out _);
        }
    }

    private void Send(EngineRequest request)
    {
        try
        {
            lock (_writing)
            {
                _process.StandardInput.WriteLine(ProcessLine.Of(request));
                _process.StandardInput.Flush();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The process has ended, which those who wait for an answer learn from Ended.
        }
    }

    private async Task<string> Follow(Task<string> complaints)
    {
        while (await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (ProcessLine.Parse<EngineEvent>(line) is { } what)
                Take(what);
            else if (line.Length > 0)
                // Native code prints past the engine.
                _latest?.Write(OutputStream.Out, line + "\n");
        }
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await _gone.CancelAsync().ConfigureAwait(false);
        _ready.TrySetResult();
        return ChildProcess.Reason(_process.ExitCode, await complaints.ConfigureAwait(false), ".");
    }

    private void Take(EngineEvent what)
    {
        switch (what)
        {
            case EngineEvent.Ready:
                _ready.TrySetResult();
                break;
            case EngineEvent.Printed printed:
                Output(printed.Run)?.Write(printed.Stream, printed.Text);
                break;
            case EngineEvent.Displayed displayed:
                Output(displayed.Run)?.Display(displayed.Bundle.ToBundle(), displayed.DisplayId);
                break;
            case EngineEvent.Updated updated:
                _latest?.UpdateDisplay(updated.DisplayId, updated.Bundle.ToBundle());
                break;
            case EngineEvent.Cleared cleared:
                Output(cleared.Run)?.Clear(cleared.Wait);
                break;
            case EngineEvent.Asked asked:
                if (Output(asked.Run) is { } output)
                    _ = Answer(output, asked);
                break;
            case EngineEvent.Ran ran when _runs.TryGetValue(ran.Run, out var run):
                run.TrySetResult(new()
                {
                    Value = ran.Value?.ToBundle(),
                    Error = ran.Error,
                    Elapsed = TimeSpan.FromSeconds(ran.Seconds),
                });
                break;
            case EngineEvent.Completed completed when _completions.TryGetValue(completed.Id, out var completion):
                completion.TrySetResult(completed.Result);
                break;
            case EngineEvent.Inspected inspected when _inspections.TryGetValue(inspected.Id, out var inspection):
                inspection.TrySetResult(inspected.Found?.ToBundle());
                break;
        }
    }

    private ICellOutput? Output(int run) => _outputs.GetValueOrDefault(run);

    private async Task Answer(ICellOutput output, EngineEvent.Asked asked)
    {
        string? text = null;
        try
        {
            text = await output.ReadLineAsync(asked.Prompt, asked.Password, _gone.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotSupportedException or OperationCanceledException)
        {
            // Nobody can answer: the cell reads the end of input.
        }
        Send(new EngineRequest.Answer(text));
    }
}
