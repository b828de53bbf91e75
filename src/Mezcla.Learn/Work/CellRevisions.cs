using System.Runtime.CompilerServices;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Learn.Work;

/// <summary>
/// The number of each cell's text. An edit names the number that it was made from, so that of two pages that change the same text neither
/// overwrites what it has not seen.
/// </summary>
internal sealed class CellRevisions
{
    private readonly ConditionalWeakTable<NotebookCell, StrongBox<int>> _numbers = [];

    public int Of(NotebookCell cell) => _numbers.GetValue(cell, _ => new(1)).Value;

    public int Next(NotebookCell cell) => ++_numbers.GetValue(cell, _ => new(1)).Value;
}
