using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>Decides whether a console front end should run the typed code or wait for more lines.</summary>
internal static class CodeCompleteness
{
    public static CompletenessResult Of(string code)
    {
        var last = CellSplitter.Split(code).LastOrDefault();
        if (last is not { Kind: PartKind.Code })
            return new CompletenessResult(Completeness.Complete);

        var tree = CSharpSyntaxTree.ParseText(UsingVariables.Blank(last.Text), CellCompiler.ParseOptions);
        if (!SyntaxFactory.IsCompleteSubmission(tree))
            return new CompletenessResult(Completeness.Incomplete, Indent(tree));

        return new CompletenessResult(tree.GetDiagnostics().Any(CellCompiler.IsSyntaxError) ? Completeness.Invalid : Completeness.Complete);
    }

    private static string Indent(SyntaxTree tree)
    {
        var depth = 0;
        foreach (var token in tree.GetRoot().DescendantTokens())
        {
            if (token.IsMissing)
                continue;

            depth += token.Kind() switch
            {
                SyntaxKind.OpenBraceToken or SyntaxKind.OpenParenToken or SyntaxKind.OpenBracketToken => 1,
                SyntaxKind.CloseBraceToken or SyntaxKind.CloseParenToken or SyntaxKind.CloseBracketToken => -1,
                _ => 0,
            };
        }

        return new string(' ', 4 * Math.Max(0, depth));
    }
}
