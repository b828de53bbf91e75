using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

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
public sealed record CellEnded(NotebookCell Cell, int Number, int Count, TimeSpan Elapsed, ErrorOutput? Error)
    : NotebookProgress(Cell, Number, Count);
