using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>A cell's code, compiled and loaded but not yet run.</summary>
/// <param name="Start">Runs the code; the array holds the cells' state by submission. Null when the cell only declares types.</param>
/// <param name="HasValue">Whether the code ends in an expression.</param>
/// <param name="Warnings">The compiler's warnings.</param>
internal sealed record CompiledCell(Func<object?[], Task<object?>>? Start, bool HasValue, ImmutableArray<Diagnostic> Warnings);

/// <summary>The compiler refused a cell's code.</summary>
internal sealed class CellCompilationException(CSharpCompilation compilation, ImmutableArray<Diagnostic> errors)
    : Exception("The cell does not compile.")
{
    public CSharpCompilation Compilation => compilation;

    public ImmutableArray<Diagnostic> Errors => errors;
}
