namespace Mezcla.Notebooks.Running;

/// <summary>How to run a notebook.</summary>
public sealed record NotebookRunOptions
{
    /// <summary>What cells can use.</summary>
    public CellEngineOptions Engine { get; init; } = new();

    /// <summary>How long one cell may take; null for as long as it likes.</summary>
    public TimeSpan? CellTimeout { get; init; }

    /// <summary>How long a cell that was told to stop may take to do so before the run gives up on it.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether to go on after a cell that failed. A cell tagged <c>raises-exception</c> may always fail.</summary>
    public bool AllowErrors { get; init; }

    /// <summary>
    /// Variables set before the notebook runs, or after its cell tagged <c>parameters</c>, by a cell tagged <c>injected-parameters</c>:
    /// name to value, where whole numbers, numbers, true and false become those and everything else a string.
    /// </summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Told of everything that happens, from the thread it happens on.</summary>
    public Action<NotebookProgress>? Progress { get; init; }

    /// <summary>Where to save the notebook after every cell, so that a run that is cut
    /// off leaves what it had; null to save nothing.</summary>
    public string? SaveTo { get; init; }
}
