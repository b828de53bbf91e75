using System.Globalization;
using Mezcla.Interactive;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;
using Spectre.Console;

namespace Mezcla.Cli.Notebooks;

/// <summary>Runs notebooks one after the other, each in a process of its own, and shows their progress in the terminal.</summary>
/// <param name="console">The terminal.</param>
/// <param name="start">How to start the process of a notebook.</param>
internal sealed class NotebookBatch(IAnsiConsole console, NotebookProcessStart start)
{
    /// <summary>What to run and how.</summary>
    /// <param name="Notebooks">The notebooks' files.</param>
    /// <param name="Output">The file to save each executed notebook to.</param>
    /// <param name="CellTimeout">The longest time that one cell may run; null for no limit.</param>
    /// <param name="AllowErrors">Whether to continue after a cell that failed.</param>
    /// <param name="Parameters">Variables for the notebooks.</param>
    /// <param name="Page">The file and the settings of a notebook's HTML page; null for no page.</param>
    public sealed record Job(
        IReadOnlyList<string> Notebooks,
        Func<string, string> Output,
        TimeSpan? CellTimeout,
        bool AllowErrors,
        IReadOnlyDictionary<string, string> Parameters,
        Func<string, NotebookRun, (string Path, NotebookPageOptions Options)>? Page)
    {
        /// <summary>Called for a notebook that cannot be read or saved; the batch then continues
        /// with the next one. If null, the exception ends the batch.</summary>
        public Action<string, Exception>? Unreadable { get; init; }
    }

    /// <summary>Runs all notebooks.</summary>
    /// <returns>The notebooks that ran, in order. A cancelled batch ends early.</returns>
    public async Task<IReadOnlyList<(string Notebook, NotebookRun Run)>> RunAsync(Job job, CancellationToken cancellation)
    {
        // Output that goes to a file is not wrapped at the width of a terminal, so that it can be searched.
        if (!console.Profile.Capabilities.Interactive)
            console.Profile.Width = Math.Max(console.Profile.Width, 1000);
        var runs = new List<(string, NotebookRun)>();
        foreach (var notebook in job.Notebooks)
        {
            if (cancellation.IsCancellationRequested)
                break;
            NotebookRun run;
            List<(string Cell, string Warning)> warnings;
            try
            {
                // Read the warnings before the run, which may save to the same file.
                warnings = [.. Notebook.Read(notebook).Cells.Where(c => c.Warning is not null).Select(c => (c.Id, c.Warning!))];
                run = await RunOne(job, notebook, cancellation);
            }
            catch (Exception e)
                when (job.Unreadable is not null && (e is IOException or InvalidDataException or UnauthorizedAccessException))
            {
                job.Unreadable!(notebook, e);
                continue;
            }
            runs.Add((notebook, run));
            if (job.Page?.Invoke(notebook, run) is var (path, options))
                File.WriteAllText(path, NotebookPage.Render(run.Notebook, options with { Libraries = [PlotlyLibrary.Script] }));
            // The page needs what shows values under the pointer, the saved notebook does not.
            run.Notebook.KeepEachPictureOnce();
            run.Notebook.Write(job.Output(notebook));
            Report(notebook, run, job.Output(notebook));
            foreach (var (cell, warning) in warnings)
                console.MarkupLineInterpolated($"  [yellow]cell {cell}[/] {warning}");
        }
        return runs;
    }

    /// <summary>A duration as text: 4.2 s, 1:05 (minutes and seconds), or 1:02:03 (hours, minutes and seconds).</summary>
    public static string DurationText(TimeSpan time) => time.TotalSeconds < 60
        ? time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s"
        : time.ToString(time.TotalHours < 1 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture);

    private Task<NotebookRun> RunOne(Job job, string notebook, CancellationToken cancellation) =>
        WithProgress(notebook, progress => NotebookProcess.RunAsync(start, notebook, new()
        {
            CellTimeout = job.CellTimeout,
            AllowErrors = job.AllowErrors,
            Parameters = job.Parameters,
            SaveTo = job.Output(notebook),
            Progress = progress,
        }, cancellation));

    private async Task<NotebookRun> WithProgress(string notebook, Func<Action<NotebookProgress>, Task<NotebookRun>> run)
    {
        var name = Path.GetFileNameWithoutExtension(notebook);
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            console.MarkupLineInterpolated($"{name}: running");
            return await run(what =>
            {
                if (what is CellEnded { Elapsed.TotalSeconds: > 5 } slow)
                    console.MarkupLineInterpolated($"  cell {slow.Number} of {slow.Count}: {DurationText(slow.Elapsed)}");
            });
        }
        return await console.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 },
                new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(name));
                return await run(what => Update(task, name, what));
            });
    }

    private void Update(ProgressTask task, string name, NotebookProgress what)
    {
        task.MaxValue = Math.Max(what.Count, 1);
        if (what is CellEnded)
            task.Value = what.Number;
        var doing = what switch
        {
            CellPrinted printed => LastLine(printed.Text),
            CellStarted started => FirstLine(started.Cell.Source),
            _ => "",
        };
        var room = Math.Max(20, console.Profile.Width - name.Length - 56);
        if (doing.Length > 0)
            task.Description = $"{Markup.Escape(name)} [grey]{what.Number}/{what.Count}[/] {Markup.Escape(Short(doing, room))}";
    }

    private void Report(string notebook, NotebookRun run, string saved)
    {
        var name = Path.GetFileNameWithoutExtension(notebook);
        var claims = run.ClaimsHeld + run.ClaimsFailed > 0 ? $", {run.ClaimsHeld} of {run.ClaimsHeld + run.ClaimsFailed} claims held" : "";
        if (run.Succeeded)
        {
            console.MarkupLineInterpolated($"[green]✓[/] {name}  {run.CellsRun} cells{claims}, {DurationText(run.Elapsed)}");
            return;
        }
        console.MarkupLineInterpolated($"[red]✗[/] {name}  {run.CellsRun} of {run.CellCount} cells{claims}, {DurationText(run.Elapsed)}");
        foreach (var (cell, error) in run.Errors)
        {
            var number = cell.ExecutionCount?.ToString(CultureInfo.InvariantCulture) ?? cell.Id;
            console.MarkupLineInterpolated($"  [red]cell {number}[/] {Short(FirstLine(cell.Source), 76)}");
            console.MarkupLineInterpolated($"    {error.Name}: {error.Message}");
        }
        console.MarkupLineInterpolated($"  The notebook with the error in it: {saved}");
    }

    private static string Short(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    private static string FirstLine(string text) =>
        text.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0 && !l.StartsWith("using ", StringComparison.Ordinal)) ?? "";

    private static string LastLine(string text) => text.Split('\n', '\r').Select(l => l.Trim()).LastOrDefault(l => l.Length > 0) ?? "";
}
