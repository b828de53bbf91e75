using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>
/// Binds compilations to their references, one at a time in the process. Compilations share the compiler's symbols for the framework's
/// assemblies. If two compilations bind at the same moment, each creates its own symbols; later cells then mix both sets, and every name
/// that two cells share becomes ambiguous.
/// </summary>
internal static class Binding
{
    private static readonly Lock Lock = new();

    public static CSharpCompilation Bound(this CSharpCompilation compilation)
    {
        lock (Lock)
            _ = compilation.Assembly;
        return compilation;
    }
}
