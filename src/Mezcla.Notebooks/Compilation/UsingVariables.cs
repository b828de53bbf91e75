using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>
/// Allows <c>using var x = …;</c> at the top level of a cell, which scripts do not. Later cells can use the variable, so it cannot be
/// disposed of when the cell ends. Therefore the keyword is blanked, and the variable is an ordinary one.
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

    /// <summary>
    /// Whether a declaration follows: a type and a name before the equals sign. In an alias directive only a name stands there.
    /// </summary>
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
