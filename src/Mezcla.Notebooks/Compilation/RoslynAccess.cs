using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>What the compiler can do but doesn't offer publicly.</summary>
internal static class RoslynAccess
{
    /// <summary>
    /// Of several references with one simple name, lets the highest version hide the others, in this compilation and those it continues.
    /// The values of hidden types stay usable. C# Interactive sets this option too, for <c>#r</c> of a newer version.
    /// </summary>
    public static CSharpCompilationOptions WithNewestReferences(this CSharpCompilationOptions options) =>
        WithReferencesSupersedeLowerVersions(options, true);

    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern CSharpCompilationOptions WithReferencesSupersedeLowerVersions(CSharpCompilationOptions options, bool value);
}
