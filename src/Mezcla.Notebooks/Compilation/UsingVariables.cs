using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>
/// Lets <c>using var x = …;</c> stand at the top of a cell, which scripts don't know. Later cells see the variable, so it can't be disposed
/// of when the cell ends; it is an ordinary variable. The keyword is blanked.
/// </summary>
internal static class UsingVariables
{
    public static string Blank(string code)
    {
        if (!code.Contains("using ", StringComparison.Ordinal) || !code.Contains('=', StringComparison.Ordinal))
            return code;

        var tokens = SyntaxFactory.ParseTokens(code, options: CellCompiler.ParseOptions).ToList();
        var spans = new List<TextSpan>();
        var depth = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            depth += tokens[i].Kind() switch
            {
                SyntaxKind.OpenBraceToken or SyntaxKind.OpenParenToken or SyntaxKind.OpenBracketToken => 1,
                SyntaxKind.CloseBraceToken or SyntaxKind.CloseParenToken or SyntaxKind.CloseBracketToken => -1,
                _ => 0,
            };
            if (depth != 0 || !tokens[i].IsKind(SyntaxKind.UsingKeyword) || !DeclaresVariable(tokens, i + 1))
                continue;

            spans.Add(tokens[i].Span);
            if (i > 0 && tokens[i - 1].Text == "await")
                spans.Add(tokens[i - 1].Span);
        }

        return spans.Count == 0 ? code : Blanking.Without(code, spans);
    }

    /// <summary>A type and a name before the equals sign; an alias directive has only a name there.</summary>
    private static bool DeclaresVariable(List<SyntaxToken> tokens, int start)
    {
        if (start >= tokens.Count
            || tokens[start].Kind() is SyntaxKind.OpenParenToken or SyntaxKind.StaticKeyword or SyntaxKind.UnsafeKeyword)
            return false;

        for (var i = start; i < tokens.Count && !tokens[i].IsKind(SyntaxKind.SemicolonToken); i++)
        {
            if (tokens[i].IsKind(SyntaxKind.EqualsToken))
                return i >= start + 2 && tokens[i - 1].IsKind(SyntaxKind.IdentifierToken);
        }

        return false;
    }
}
