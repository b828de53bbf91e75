using Mezcla.Notebooks.Documents;

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
    /// Variables set before the notebook runs, or after its cell tagged <c>parameters</c>, by a cell tagged <c>injected-parameters</c>: name to value, where whole numbers,
    /// numbers, true and false become those and everything else a string.
    /// </summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Told of everything that happens, from the thread it happens on.</summary>
    public Action<NotebookProgress>? Progress { get; init; }

    /// <summary>Where to save the notebook after every cell, so that a run that is cut off leaves what it had; null to save nothing.</summary>
    public string? SaveTo { get; init; }
}

/// <summary>Something that happened while a notebook ran.</summary>
/// <param name="Cell">The cell it happened in.</param>
/// <param name="Number">That cell's number among the code cells to be run, from 1.</param>
/// <param name="Count">How many code cells are to be run.</param>
public abstract record NotebookProgress(NotebookCell Cell, int Number, int Count);

/// <summary>A cell begins.</summary>
/// <inheritdoc/>
public sealed record CellStarted(NotebookCell Cell, int Number, int Count) : NotebookProgress(Cell, Number, Count);

/// <summary>A cell printed or showed something.</summary>
/// <param name="Cell">The cell it happened in.</param>
/// <param name="Number">That cell's number among the code cells to be run, from 1.</param>
/// <param name="Count">How many code cells are to be run.</param>
/// <param name="Text">Its text.</param>
public sealed record CellPrinted(NotebookCell Cell, int Number, int Count, string Text) : NotebookProgress(Cell, Number, Count);

/// <summary>A cell has ended.</summary>
/// <param name="Cell">The cell it happened in.</param>
/// <param name="Number">That cell's number among the code cells to be run, from 1.</param>
/// <param name="Count">How many code cells are to be run.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Error">Why it failed, or null.</param>
public sealed record CellEnded(NotebookCell Cell, int Number, int Count, TimeSpan Elapsed, ErrorOutput? Error) : NotebookProgress(Cell, Number, Count);

/// <summary>How a run ended.</summary>
/// <param name="Notebook">The notebook with the outputs of this run.</param>
/// <param name="CellsRun">How many code cells ran, failed ones included.</param>
/// <param name="CellCount">How many there were to run.</param>
/// <param name="Errors">What failed without being allowed to, each with its cell; empty if all went well.</param>
/// <param name="ClaimsHeld">How many claims held.</param>
/// <param name="ClaimsFailed">How many claims did not hold.</param>
/// <param name="Elapsed">How long it all took.</param>
public sealed record NotebookRun(
    Notebook Notebook, int CellsRun, int CellCount, IReadOnlyList<(NotebookCell Cell, ErrorOutput Error)> Errors, int ClaimsHeld, int ClaimsFailed, TimeSpan Elapsed)
{
    /// <summary>Whether every cell ran and every claim held.</summary>
    public bool Succeeded => Errors.Count == 0 && ClaimsFailed == 0 && CellsRun == CellCount;
}
