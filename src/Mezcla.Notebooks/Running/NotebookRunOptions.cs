namespace Mezcla.Notebooks.Running;

/// <summary>Options for running a notebook.</summary>
public sealed record NotebookRunOptions
{
    /// <summary>The options of the engine that runs the cells.</summary>
    public CellEngineOptions Engine { get; init; } = new();

    /// <summary>The longest time that one cell may take, or null for no limit.</summary>
    public TimeSpan? CellTimeout { get; init; }

    /// <summary>How long to wait for a cell to stop after it was interrupted, before the run ends without it.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether to continue after a cell that failed. A cell tagged <c>raises-exception</c> may always fail.</summary>
    public bool AllowErrors { get; init; }

    /// <summary>
    /// Values of variables by name. A cell tagged <c>injected-parameters</c> sets them, after the cell tagged <c>parameters</c> or,
    /// without one, at the start of the notebook. Numbers, true and false become C# literals; every other value becomes a string.
    /// </summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Receives the events of the run, on the thread on which they happen.</summary>
    public Action<NotebookProgress>? Progress { get; init; }

    /// <summary>
    /// The file to which the notebook is saved after every cell, so that an
    /// aborted run keeps its outputs so far. If null, nothing is saved.
    /// </summary>
    public string? SaveTo { get; init; }
}
