using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

/// <summary>How to start a process that calls <see cref="NotebookHost.ServeAsync"/>.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Environment variables to add or, where null, to remove.</param>
public sealed record NotebookProcessStart(string FileName, IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string?>? Environment = null);

/// <summary>
/// Runs a notebook in a process of its own, so that what cells do to theirs (leaks, a crash of native code, a stack overflow, a loop that
/// nothing stops) ends with it. The notebook is saved after every cell; a process that
/// dies leaves what it had, with the reason below the cell that ran.
/// </summary>
public static class NotebookProcess
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    /// <summary>Runs a notebook file.</summary>
    /// <param name="start">How to start the process.</param>
    /// <param name="notebook">The notebook to read; its folder is where the cells run.</param>
    /// <param name="options">How to run it. <see cref="NotebookRunOptions.SaveTo"/> must say where the
    /// result goes; the engine's options are the process's own matter.</param>
    /// <param name="cancellation">Ends the run; what ran until then is kept.</param>
    /// <exception cref="IOException">The process could not be started or the files not be read or written.</exception>
    /// <exception cref="InvalidDataException">The file is not a notebook.</exception>
    /// <exception cref="ArgumentException">The options do not say where to save, or a parameter's name is not a name in C#.</exception>
    public static async Task<NotebookRun> RunAsync(NotebookProcessStart start, string notebook, NotebookRunOptions options,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        var (source, saveTo) =
            (Path.GetFullPath(notebook),
                Path.GetFullPath(options.SaveTo
                    ?? throw new ArgumentException("SaveTo is not set: a process needs a file to leave its results in.", nameof(options))));
        // Read here first, so that a file that is not a notebook is reported at once, in this process.
        Notebook.Read(source).Write(saveTo);
        using var process = Begin(start, Path.GetDirectoryName(source)!);
        var watch = Stopwatch.StartNew();
        var state = new State(options, saveTo);
        var complaints = ReadComplaints(process.StandardError);
        try
        {
            await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new NotebookRequest(
                source, saveTo, options.CellTimeout?.TotalSeconds, options.AllowErrors, new(options.Parameters)))).ConfigureAwait(false);
            await process.StandardInput.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It died before it read what to do; its end says why.
        }
        var why = await Follow(process, state, cancellation).ConfigureAwait(false);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        return state.Finish(why, process.ExitCode, await complaints.ConfigureAwait(false), watch.Elapsed);
    }

    private static Process Begin(NotebookProcessStart start, string folder)
    {
        var info = new ProcessStartInfo(start.FileName, start.Arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in start.Environment ?? new Dictionary<string, string?>())
            info.Environment[name] = value;
        try
        {
            return Process.Start(info) ?? throw new IOException($"'{start.FileName}' did not start.");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new IOException($"'{start.FileName}' could not be started: {e.Message}", e);
        }
    }

    /// <summary>Reads messages until the output ends. Returns why the process was killed, or null if it ended by itself.</summary>
    private static async Task<string?> Follow(Process process, State state, CancellationToken cancellation)
    {
        var told = new TaskCompletionSource();
        using var registration = cancellation.Register(() =>
        {
            CloseInput(process);
            told.TrySetResult();
        });
        var reading = process.StandardOutput.ReadLineAsync();
        while (true)
        {
            // A cell has its own limit, which the process keeps; this one is for a process that does not even do that.
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
                return "It did not stop when it was told to, so it was killed.";
            }
            if (first != reading)
                continue;
            if (await reading.ConfigureAwait(false) is not { } line)
                return null;
            if (NotebookMessage.Parse(line) is { } message)
                state.Take(message);
            reading = process.StandardOutput.ReadLineAsync();
        }
    }

    private static void CloseInput(Process process)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }
    }

    /// <summary>The first and last lines of what the process writes to its error output: the runtime says there why it died.</summary>
    private static async Task<string> ReadComplaints(StreamReader error)
    {
        var (first, last) = (new List<string>(), new Queue<string>());
        while (await error.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (first.Count < 6)
                first.Add(line);
            else
                last.Enqueue(line);
            if (last.Count > 6)
                last.Dequeue();
        }
        return string.Join('\n', first.Concat(last)).Trim();
    }

    /// <summary>What is known of the run so far.</summary>
    private sealed class State(NotebookRunOptions options, string path)
    {
        private readonly Notebook _cells = Notebook.Read(path);
        private NotebookMessage.Started? _running;
        private NotebookMessage.Done? _done;
        private NotebookMessage.Refused? _refused;
        private int _ended;

        /// <summary>How long the next message may take, if that is limited.</summary>
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
                var reason = killed ?? $"Its process ended with exit code {exitCode.ToString(CultureInfo.InvariantCulture)}" +
                    (complaints.Contains("Stack overflow", StringComparison.OrdinalIgnoreCase)
                        ? ": the stack overflowed (a method that calls itself without end?)." : " before the notebook was done.");
                var error = new ErrorOutput("ProcessEnded", reason,
                    [reason, .. complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries)]);
                // Before the first cell there is none to put the reason below.
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
            // A cell of injected parameters is not in the file that was read here.
            if (options.Progress is { } tell && _running is { } running)
                tell(what(_cells.Cells.FirstOrDefault(c => c.Id == running.Cell) ?? new NotebookCell(CellKind.Code, "", running.Cell),
                    running));
        }
    }
}
