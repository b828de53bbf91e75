using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>Access to an option of the compiler that is not public.</summary>
internal static class RoslynAccess
{
    /// <summary>
    /// If several references have the same simple name, lets the highest version hide the
    /// others, in this compilation and in the submissions it continues. Values of hidden types
    /// stay usable. C# Interactive also sets this option, for <c>#r</c> of a newer version.
    /// </summary>
    public static CSharpCompilationOptions WithNewestReferences(this CSharpCompilationOptions options) =>
        WithReferencesSupersedeLowerVersions(options, true);

    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern CSharpCompilationOptions WithReferencesSupersedeLowerVersions(CSharpCompilationOptions options, bool value);
}
