using System.Diagnostics;
using System.Text.Json;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

/// <summary>
/// Runs a notebook in a process of its own. Leaks, crashes of native code, stack overflows and endless loops in its cells then end with
/// that process. The notebook is saved after every cell. If the process dies, the outputs so far are kept, and the reason is added to the
/// cell that was running.
/// </summary>
public static class NotebookProcess
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    /// <summary>Runs a notebook file.</summary>
    /// <param name="start">How to start the process.</param>
    /// <param name="notebook">The notebook to read. Its folder is the cells' working directory.</param>
    /// <param name="options"> How to run it. <see cref="NotebookRunOptions.SaveTo"/> must name the file for the result. The engine's
    /// options are ignored: the process sets its own.
    /// </param>
    /// <param name="cancellation">Ends the run. The outputs so far are kept.</param>
    /// <exception cref="IOException">The process could not be started, or a file could not be read or written.</exception>
    /// <exception cref="InvalidDataException">The file is not a notebook.</exception>
    /// <exception cref="ArgumentException">The options do not say where to save,
    /// or a parameter's name is not a valid C# identifier.</exception>
    public static async Task<NotebookRun> RunAsync(NotebookProcessStart start, string notebook, NotebookRunOptions options,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        var (source, saveTo) =
            (Path.GetFullPath(notebook),
                Path.GetFullPath(options.SaveTo
                    ?? throw new ArgumentException("SaveTo is not set: the process needs a file for its results.", nameof(options))));
        // Read the notebook here first, so that a file that is not a notebook is reported at once, by this process.
        Notebook.Read(source).Write(saveTo);
        using var process = start.Begin(Path.GetDirectoryName(source)!);
        var watch = Stopwatch.StartNew();
        var state = new State(options, saveTo);
        var complaints = ChildProcess.ReadComplaints(process.StandardError);
        try
        {
            await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new NotebookRequest(
                source, saveTo, options.CellTimeout?.TotalSeconds, options.AllowErrors, new(options.Parameters)))).ConfigureAwait(false);
            await process.StandardInput.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The process died before it read its request. Its exit is reported below.
        }
        var why = await Follow(process, state, cancellation).ConfigureAwait(false);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        return state.Finish(why, process.ExitCode, await complaints.ConfigureAwait(false), watch.Elapsed);
    }

    /// <summary>
    /// Reads messages until the process's output ends. Returns the reason why the process was killed, or null if it ended by itself.
    /// </summary>
    private static async Task<string?> Follow(Process process, State state, CancellationToken cancellation)
    {
        var told = new TaskCompletionSource();
        using var registration = cancellation.Register(() =>
        {
            ChildProcess.CloseInput(process);
            told.TrySetResult();
        });
        var reading = process.StandardOutput.ReadLineAsync();
        while (true)
        {
            // The process enforces the time limit of each cell. This longer limit is for a process that fails to do so.
            var patience = told.Task.IsCompleted ? Grace : state.Limit is { } limit ? limit + Grace : Timeout.InfiniteTimeSpan;
            using var timer = new CancellationTokenSource();
            var late = Task.Delay(patience, timer.Token);
            var first = told.Task.IsCompleted
                ? await Task.WhenAny(reading, late).ConfigureAwait(false)
                : await Task.WhenAny(reading, told.Task, late).ConfigureAwait(false);
            await timer.CancelAsync().ConfigureAwait(false);
            if (first == late)
            {
                process.Kill(entireProcessTree: true);
                return "The process did not stop when it was told to, so it was killed.";
            }
            if (first != reading)
                continue;
            if (await reading.ConfigureAwait(false) is not { } line)
                return null;
            if (ProcessLine.Parse<NotebookMessage>(line) is { } message)
                state.Take(message);
            reading = process.StandardOutput.ReadLineAsync();
        }
    }

    /// <summary>The state of the run as far as it is known from messages.</summary>
    private sealed class State(NotebookRunOptions options, string path)
    {
        private readonly Notebook _cells = Notebook.Read(path);
        private NotebookMessage.Started? _running;
        private NotebookMessage.Done? _done;
        private NotebookMessage.Refused? _refused;
        private int _ended;

        /// <summary>The time that may pass before the next message, or null if it is not limited.</summary>
        public TimeSpan? Limit => options.CellTimeout is { } cell ? cell + options.StopTimeout : null;

        public void Take(NotebookMessage message)
        {
            switch (message)
            {
                case NotebookMessage.Started started:
                    _running = started;
                    Tell((cell, s) => new CellStarted(cell, s.Number, s.Count));
                    break;
                case NotebookMessage.Printed printed:
                    Tell((cell, s) => new CellPrinted(cell, s.Number, s.Count, printed.Text));
                    break;
                case NotebookMessage.Ended ended:
                    var error = ended.ErrorName is null ? null : new ErrorOutput(ended.ErrorName, ended.ErrorMessage ?? "", []);
                    Tell((cell, s) => new CellEnded(cell, s.Number, s.Count, TimeSpan.FromSeconds(ended.Seconds), error));
                    _ended++;
                    break;
                case NotebookMessage.Done done:
                    _done = done;
                    break;
                case NotebookMessage.Refused refused:
                    _refused = refused;
                    break;
            }
        }

        public NotebookRun Finish(string? killed, int exitCode, string complaints, TimeSpan elapsed)
        {
            if (_refused is { } refused)
                throw new InvalidDataException(refused.Message);
            var notebook = Notebook.Read(path);
            var claims = NotebookRunner.Claims(notebook).ToList();
            var errors = (_done?.FailedCells ?? []).Select(id => notebook.Cells.First(c => c.Id == id))
                .Select(c => (c, c.Outputs.OfType<ErrorOutput>().Last())).ToList();
            if (_done is null)
            {
                var reason = killed ?? ChildProcess.Reason(exitCode, complaints, " before the notebook was done.");
                var error = new ErrorOutput("ProcessEnded", reason,
                    [reason, .. complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries)]);
                // If no cell has started, the error goes to the first code cell.
                var cell = notebook.Cells.FirstOrDefault(c => c.Id == _running?.Cell)
                    ?? notebook.Cells.FirstOrDefault(c => c.Kind == CellKind.Code)
                        ?? throw new IOException(string.Join('\n', error.Traceback));
                cell.ExecutionCount ??= _running?.Number;
                cell.Outputs.Add(error);
                errors.Add((cell, error));
                notebook.Write(path);
            }
            return new(notebook, _done?.CellsRun ?? _ended + 1,
                _done?.CellCount ?? _running?.Count ?? notebook.Cells.Count(c => c.Kind == CellKind.Code), errors,
                claims.Count(c => c.Holds), claims.Count(c => !c.Holds), elapsed);
        }

        private void Tell(Func<NotebookCell, NotebookMessage.Started, NotebookProgress> what)
        {
            // The cell of injected parameters is not in the file as it was read here.
            if (options.Progress is { } tell && _running is { } running)
                tell(what(_cells.Cells.FirstOrDefault(c => c.Id == running.Cell) ?? new NotebookCell(CellKind.Code, "", running.Cell),
                    running));
        }
    }
}
