using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

/// <summary>
/// Runs a notebook's code cells from top to bottom in one engine, without Jupyter, and puts
/// their outputs into the notebook. The first cell that fails ends the run, unless it is allowed
/// to fail. The notebook then holds the error in that cell and no outputs in later cells.
/// </summary>
public static partial class NotebookRunner
{
    /// <summary>The tag of cells that may fail without ending the run, as in Jupyter's own runner.</summary>
    public const string MayFail = "raises-exception";

    /// <summary>The tag of cells that are not run, as in Jupyter's own runner.</summary>
    public const string Skip = "skip-execution";

    private static readonly TimeSpan AutosaveEvery = TimeSpan.FromSeconds(5);

    /// <summary>Runs a notebook and replaces its outputs. Failures of cells are returned in the result, not thrown.</summary>
    /// <param name="notebook">The notebook. Its cells are changed.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="cancellation">Interrupts the running cell and ends the run. The outputs so far are kept.</param>
    /// <exception cref="ArgumentException">A parameter's name is not a valid C# identifier.</exception>
    /// <exception cref="IOException">The notebook cannot be saved where the options say.</exception>
    public static async Task<NotebookRun> RunAsync(Notebook notebook, NotebookRunOptions? options = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        options ??= new();
        Inject(notebook, options.Parameters);
        var cells = notebook.Cells.Where(c => c.Kind == CellKind.Code && c.Source.Trim().Length > 0 && !c.Tags.Contains(Skip)).ToList();
        foreach (var cell in notebook.Cells)
        {
            cell.Outputs.Clear();
            cell.ExecutionCount = null;
        }

        var watch = Stopwatch.StartNew();
        var errors = new List<(NotebookCell, ErrorOutput)>();
        var ran = 0;
        (NotebookCell Cell, int Number)? current = null;
        var collector =
            new OutputCollector
            {
                Changed = (_, text) => Tell(() => new CellPrinted(current!.Value.Cell, current.Value.Number, cells.Count, text))
            };
        Save();
        // A long cell is saved while it runs, so that a crash loses only seconds of its output.
        await using var autosave = new Timer(_ => SaveIfPossible(), null, AutosaveEvery, AutosaveEvery);
        await using var engine = new CellEngine(options.Engine);
        foreach (var cell in cells)
        {
            current = (cell, ++ran);
            Tell(() => new CellStarted(cell, ran, cells.Count));
            cell.ExecutionCount = ran;
            if (cell.Warning is { } warning)
                cell.Outputs.Add(new StreamOutput(OutputStream.Error, warning + "\n"));
            var started = watch.Elapsed;
            var error = await RunCell(engine, cell, ran, collector, options, cancellation).ConfigureAwait(false);
            Tell(() => new CellEnded(cell, ran, cells.Count, watch.Elapsed - started, error));
            Save();
            if (error is null || cell.Tags.Contains(MayFail))
                continue;
            errors.Add((cell, error));
            if (!options.AllowErrors || cancellation.IsCancellationRequested)
                break;
        }
        Save();
        var claims = Claims(notebook).ToList();
        return new(notebook, ran, cells.Count, errors, claims.Count(c => c.Holds), claims.Count(c => !c.Holds), watch.Elapsed);

        void SaveIfPossible()
        {
            try
            {
                Save();
            }
            catch (IOException)
            {
                // If the disk is full, the save after the cell reports it.
            }
        }

        void Tell(Func<NotebookProgress> what) => options.Progress?.Invoke(what());

        void Save()
        {
            if (options.SaveTo is { } path)
                collector.Freeze(() => notebook.Write(path));
        }
    }

    /// <summary>The claims in a notebook's outputs, in order.</summary>
    /// <param name="notebook">A notebook that ran.</param>
    public static IEnumerable<NotebookClaim> Claims(Notebook notebook) =>
        notebook.Cells.Where(c => !c.Tags.Contains(MayFail)).SelectMany(c => c.Outputs).OfType<DisplayOutput>()
            .Select(o => o.Bundle[Claim.MimeType]).OfType<string>()
            .Select(json => JsonNode.Parse(json)!.AsObject())
            .Select(json => new NotebookClaim(json["what"]?.GetValue<string>() ?? "", json["holds"]?.GetValue<bool>() ?? false,
                json["source"]?.GetValue<string>() ?? "", json));

    private static async Task<ErrorOutput?> RunCell(
        CellEngine engine, NotebookCell cell, int number, OutputCollector collector, NotebookRunOptions options,
        CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (options.CellTimeout is { } limit)
            stop.CancelAfter(limit);
        var asked = new CellOptions { Number = number, AllowInput = false, Language = cell.Language };
        var running = engine.RunAsync(cell.Source, collector.For(cell), asked, stop.Token);
        var result = await WithinStopTimeout(running, options.StopTimeout, stop.Token).ConfigureAwait(false);
        var late = !cancellation.IsCancellationRequested && stop.IsCancellationRequested;
        ErrorOutput? error = null;
        if (result is null)
            error = new("Hung", $"The cell took longer than {Seconds(options.CellTimeout)} and did not stop when it was told to.",
                ["The cell did not stop when it was told to; the run ended here."]);
        else if (result.Error is { } failure)
            error = late && failure.Kind == CellErrorKind.Interrupted
                ? new("Timeout", $"The cell took longer than {Seconds(options.CellTimeout)}.",
                    [$"The cell was stopped after {Seconds(options.CellTimeout)}."])
                : new(failure.Name, failure.Message, failure.Traceback);
        collector.Freeze(() =>
        {
            if (error is not null)
                cell.Outputs.Add(error);
            else if (result!.Value is { } value)
                cell.Outputs.Add(new DisplayOutput(value, number, IsResult: true));
        });
        return error;
    }

    /// <summary>The result of the run, or null if the cell did not stop within the stop timeout.</summary>
    private static async Task<CellResult?> WithinStopTimeout(Task<CellResult> running, TimeSpan patience, CancellationToken stop)
    {
        var stopped = new TaskCompletionSource();
        using (stop.Register(stopped.SetResult))
            await Task.WhenAny(running, stopped.Task).ConfigureAwait(false);
        await Task.WhenAny(running, Task.Delay(running.IsCompleted ? TimeSpan.Zero : patience, CancellationToken.None))
            .ConfigureAwait(false);
        return running.IsCompleted ? await running.ConfigureAwait(false) : null;
    }

    private static void Inject(Notebook notebook, IReadOnlyDictionary<string, string> parameters)
    {
        notebook.Cells.RemoveAll(c => c.Tags.Contains("injected-parameters"));
        if (parameters.Count == 0)
            return;
        if (parameters.Keys.FirstOrDefault(k => !Name().IsMatch(k)) is { } bad)
            throw new ArgumentException($"The parameter '{bad}' is not a name that C# allows.");
        var code = "// Parameters given to this run\n" + string.Join("\n", parameters.Select(p => $"var {p.Key} = {Literal(p.Value)};"));
        var at = notebook.Cells.FindIndex(c => c.Tags.Contains("parameters")) + 1;
        notebook.Cells.Insert(at,
            new NotebookCell(CellKind.Code, code) { Metadata = new JsonObject { ["tags"] = new JsonArray("injected-parameters") } });
    }

    private static string Literal(string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) || value is "true" or "false" ? value
        : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number.ToString("R", CultureInfo.InvariantCulture) is var text && text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0"
        : Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(value, quote: true);

    private static string Seconds(TimeSpan? time) => $"{time?.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture)} s";

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{Nd}_]*$")]
    private static partial Regex Name();
}
