using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>
/// Binds compilations to their references, one at a time in the process. Compilations share what the compiler knows of the framework's
/// assemblies; two that bind at the same moment make two sets of it, of which later cells pick now the one, now the other, and then every
/// name that two cells share is ambiguous.
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
