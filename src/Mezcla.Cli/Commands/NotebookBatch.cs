using System.Globalization;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>Runs notebooks one after the other, each in a process of its own, and shows in the terminal what they do meanwhile.</summary>
internal sealed class NotebookBatch(IAnsiConsole console, NotebookProcessStart start)
{
    /// <summary>What to run and how.</summary>
    /// <param name="Notebooks">The notebooks' files.</param>
    /// <param name="Output">Where results go, one file for each notebook.</param>
    /// <param name="CellTimeout">How long a cell may take.</param>
    /// <param name="AllowErrors">Whether to go on after a cell that failed.</param>
    /// <param name="Parameters">Variables for the notebooks.</param>
    /// <param name="Page">Where the page of a notebook goes and what stands around it; null for no page.</param>
    public sealed record Job(
        IReadOnlyList<string> Notebooks,
        Func<string, string> Output,
        TimeSpan? CellTimeout,
        bool AllowErrors,
        IReadOnlyDictionary<string, string> Parameters,
        Func<string, NotebookRun, (string Path, NotebookPageOptions Options)>? Page);

    /// <summary>Runs them all. The answer has those that ran, in order; a cancelled batch ends early.</summary>
    public async Task<IReadOnlyList<(string Notebook, NotebookRun Run)>> RunAsync(Job job, CancellationToken cancellation)
    {
        // A log is read by searching: its lines are not broken to the width of a terminal that is not there.
        if (!console.Profile.Capabilities.Interactive)
            console.Profile.Width = Math.Max(console.Profile.Width, 1000);
        var runs = new List<(string, NotebookRun)>();
        foreach (var notebook in job.Notebooks)
        {
            if (cancellation.IsCancellationRequested)
                break;
            var run = await Show(notebook, progress => NotebookProcess.RunAsync(start, notebook, new()
            {
                CellTimeout = job.CellTimeout,
                AllowErrors = job.AllowErrors,
                Parameters = job.Parameters,
                SaveTo = job.Output(notebook),
                Progress = progress,
            }, cancellation));
            runs.Add((notebook, run));
            if (job.Page?.Invoke(notebook, run) is var (path, options))
                File.WriteAllText(path, NotebookPage.Render(run.Notebook, options));
            Tell(notebook, run, job.Output(notebook));
        }
        return runs;
    }

    /// <summary>A duration as people say it: 4.2 s, 1:05, 1:02:03.</summary>
    public static string Say(TimeSpan time) => time.TotalSeconds < 60
        ? time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s"
        : time.ToString(time.TotalHours < 1 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture);

    private async Task<NotebookRun> Show(string notebook, Func<Action<NotebookProgress>, Task<NotebookRun>> run)
    {
        var name = Path.GetFileNameWithoutExtension(notebook);
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            console.MarkupLineInterpolated($"{name}: running");
            return await run(what =>
            {
                if (what is CellEnded { Elapsed.TotalSeconds: > 5 } slow)
                    console.MarkupLineInterpolated($"  cell {slow.Number} of {slow.Count}: {Say(slow.Elapsed)}");
            });
        }
        return await console.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new ElapsedTimeColumn())
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

    private void Tell(string notebook, NotebookRun run, string saved)
    {
        var name = Path.GetFileNameWithoutExtension(notebook);
        var claims = run.ClaimsHeld + run.ClaimsFailed > 0 ? $", {run.ClaimsHeld} of {run.ClaimsHeld + run.ClaimsFailed} claims held" : "";
        if (run.Succeeded)
        {
            console.MarkupLineInterpolated($"[green]✓[/] {name}  {run.CellsRun} cells{claims}, {Say(run.Elapsed)}");
            return;
        }
        console.MarkupLineInterpolated($"[red]✗[/] {name}  {run.CellsRun} of {run.CellCount} cells{claims}, {Say(run.Elapsed)}");
        foreach (var (cell, error) in run.Errors)
        {
            console.MarkupLineInterpolated($"  [red]cell {cell.ExecutionCount?.ToString(CultureInfo.InvariantCulture) ?? cell.Id}[/] {Short(FirstLine(cell.Source), 76)}");
            console.MarkupLineInterpolated($"    {error.Name}: {error.Message}");
        }
        console.MarkupLineInterpolated($"  The notebook with the error in it: {saved}");
    }

    private static string Short(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    private static string FirstLine(string text) => text.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0 && !l.StartsWith("using ", StringComparison.Ordinal)) ?? "";

    private static string LastLine(string text) => text.Split('\n', '\r').Select(l => l.Trim()).LastOrDefault(l => l.Length > 0) ?? "";
}
