using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Running;

/// <summary>How a run ended.</summary>
/// <param name="Notebook">The notebook with the outputs of this run.</param>
/// <param name="CellsRun">How many code cells ran, failed ones included.</param>
/// <param name="CellCount">How many there were to run.</param>
/// <param name="Errors">What failed without being allowed to, each with its cell; empty if all went well.</param>
/// <param name="ClaimsHeld">How many claims held.</param>
/// <param name="ClaimsFailed">How many claims did not hold.</param>
/// <param name="Elapsed">How long it all took.</param>
public sealed record NotebookRun(
    Notebook Notebook, int CellsRun, int CellCount, IReadOnlyList<(NotebookCell Cell, ErrorOutput Error)> Errors, int ClaimsHeld,
    int ClaimsFailed, TimeSpan Elapsed)
{
    /// <summary>Whether every cell ran and every claim held.</summary>
    public bool Succeeded => Errors.Count == 0 && ClaimsFailed == 0 && CellsRun == CellCount;
}
