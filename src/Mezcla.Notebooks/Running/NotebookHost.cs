using System.Diagnostics;
using System.Text.Json;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

/// <summary>
/// The child process of <see cref="NotebookProcess"/>: it reads a request from standard input, runs the notebook, and reports its
/// progress on standard output.
/// </summary>
public static class NotebookHost
{
    /// <summary>Runs the requested notebook. The end of the input means that the
    /// parent process has ended, and interrupts the run.</summary>
    /// <param name="engine">Returns the engine's options for the notebook's folder.</param>
    /// <param name="input">The process's standard input.</param>
    /// <param name="output">The process's original standard output, before cells' prints are redirected.</param>
    /// <param name="cancellation">Interrupts the run. The outputs so far are kept.</param>
    /// <returns>The exit code: 0 if every cell ran and every claim held.</returns>
    public static async Task<int> ServeAsync(Func<string, CellEngineOptions> engine, TextReader input, TextWriter output,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        var gate = new Lock();
        try
        {
            var line = await input.ReadLineAsync(cancellation).ConfigureAwait(false);
            var request = line is null ? null : JsonSerializer.Deserialize<NotebookRequest>(line);
            if (request is null)
                throw new InvalidDataException(
                    "There is no request on standard input. 'mezcla run' starts this command; do not start it by hand.");
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _ = Task.Run(() =>
            {
                while (input.ReadLine() is not null)
                {
                }
                stop.Cancel();
            }, CancellationToken.None);
            var notebook = Notebook.Read(request.Notebook);
            var quiet = Stopwatch.StartNew();
            var run = await NotebookRunner.RunAsync(notebook, new()
            {
                Engine = engine(Path.GetDirectoryName(Path.GetFullPath(request.Notebook))!),
                CellTimeout = request.CellTimeoutSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                AllowErrors = request.AllowErrors,
                Parameters = request.Parameters,
                SaveTo = request.SaveTo,
                Progress = Tell,
            }, stop.Token).ConfigureAwait(false);
            Write(new NotebookMessage.Done(run.CellsRun, run.CellCount, run.Elapsed.TotalSeconds, [.. run.Errors.Select(e => e.Cell.Id)]));
            return run.Succeeded ? 0 : 1;

            void Tell(NotebookProgress what)
            {
                switch (what)
                {
                    case CellStarted started:
                        Write(new NotebookMessage.Started(started.Cell.Id, started.Number, started.Count));
                        break;
                    case CellPrinted printed when quiet.ElapsedMilliseconds > 100:
                        // A terminal shows one line only, so this is enough. The notebook holds the whole output.
                        quiet.Restart();
                        Write(new NotebookMessage.Printed(printed.Text.Length <= 400 ? printed.Text : printed.Text[^400..]));
                        break;
                    case CellEnded ended:
                        Write(new NotebookMessage.Ended(ended.Elapsed.TotalSeconds, ended.Error?.Name, ended.Error?.Message));
                        break;
                }
            }
        }
        catch (Exception e)
            when (e is IOException or InvalidDataException or ArgumentException or UnauthorizedAccessException or JsonException
                or OperationCanceledException)
        {
            Write(new NotebookMessage.Refused(e.Message));
            return 2;
        }

        void Write(NotebookMessage message)
        {
            lock (gate)
            {
                output.WriteLine(ProcessLine.Of(message));
                output.Flush();
            }
        }
    }
}
