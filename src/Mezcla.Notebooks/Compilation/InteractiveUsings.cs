using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>
/// Passes over <c>using Microsoft.DotNet.Interactive.…;</c>, with which many published notebooks begin: what this kernel offers of it is
/// there without, and what it does not offer is reported where it is used.
/// </summary>
internal static class InteractiveUsings
{
    private const string Root = "Microsoft.DotNet.Interactive";

    public static string Blank(string code)
    {
        if (!code.Contains(Root, StringComparison.Ordinal))
            return code;

        var root = CSharpSyntaxTree.ParseText(code, CellCompiler.ParseOptions).GetCompilationUnitRoot();
        return Blanking.Without(code, root.Usings.Where(IsInteractive).Select(directive => directive.Span));
    }

    // Not `using static` nor an alias: those are there to be used, so their absence is the better place for the error.
    private static bool IsInteractive(UsingDirectiveSyntax directive) =>
        directive is { Alias: null, StaticKeyword.RawKind: 0 }
        && directive.NamespaceOrType.ToString() is var name && (name == Root || name.StartsWith(Root + ".", StringComparison.Ordinal));
}
