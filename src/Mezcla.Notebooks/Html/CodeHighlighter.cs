using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks.Html;

/// <summary>
/// Highlights C# by syntax alone: Roslyn's parser finds keywords, type names, calls and strings. It needs no compilation, so code with
/// errors is highlighted too.
/// </summary>
public static class CodeHighlighter
{
    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview, DocumentationMode.Parse, SourceCodeKind.Script);

    private const string Break = "<wbr>";

    /// <summary>
    /// The code as HTML for the inside of a <c>pre</c> element, with spans of class k (keyword), t (type), m (method), s (string), n
    /// (number), c (comment) and p (directive).
    /// </summary>
    public static string ToHtml(string code)
    {
        var html = new StringBuilder();
        // A kernel's own directives (#!time) are not C#. They are highlighted here and hidden from the parser.
        var lines = code.Split('\n');
        var skipped = lines.TakeWhile(l => l.TrimStart().StartsWith("#!", StringComparison.Ordinal) || string.IsNullOrWhiteSpace(l))
            .Count();
        for (var i = 0; i < skipped; i++)
            html.Append(lines[i].Length > 0 ? $"<span class=\"p\">{WebUtility.HtmlEncode(lines[i])}</span>" : "")
                .Append(i < lines.Length - 1 ? "\n" : "");
        var root = CSharpSyntaxTree.ParseText(string.Join('\n', lines.Skip(skipped)), Options).GetRoot();
        foreach (var token in root.DescendantTokens())
        {
            Trivia(html, token.LeadingTrivia);
            Append(html, token.Text, ClassOf(token));
            // A page too narrow for a line breaks it here rather than within a word.
            if (token.TrailingTrivia.Count == 0
                && token.Kind() is SyntaxKind.DotToken or SyntaxKind.OpenParenToken or SyntaxKind.OpenBracketToken
                && token.GetNextToken().Kind() is not (SyntaxKind.CloseParenToken or SyntaxKind.CloseBracketToken))
                html.Append(Break);
            Trivia(html, token.TrailingTrivia);
        }
        return html.ToString();
    }

    /// <summary>
    /// Puts each line of highlighted code into a span of class l that holds the line's indent, so that a page too narrow for the line
    /// wraps it with a hanging indent. The text, including line ends, does not change.
    /// </summary>
    /// <param name="html">The result of <see cref="ToHtml"/>, or code that is only encoded.</param>
    public static string InLines(string html)
    {
        var (lines, open) = (new StringBuilder(), "");
        foreach (var line in html.Split('\n'))
        {
            // A span that covers several lines, such as a raw string, is closed at each line's end and opened again on the next line.
            var started = open;
            for (var at = 0; (at = line.IndexOf('<', at)) >= 0; at = line.IndexOf('>', at))
            {
                if (!line.AsSpan(at).StartsWith(Break, StringComparison.Ordinal))
                    open = line[at + 1] == '/' ? "" : line[at..(line.IndexOf('>', at) + 1)];
            }

            var text = line.AsSpan();
            while (text is ['<', ..])
                text = text[(text.IndexOf('>') + 1)..];
            var indent = text.Length - text.TrimStart(' ').Length;
            lines.Append(lines.Length > 0 ? "\n</span>" : "")
                .Append(indent > 0 ? $"<span class=\"l\" style=\"--in:{indent}ch\">" : "<span class=\"l\">")
                .Append(started).Append(line).Append(open.Length > 0 ? "</span>" : "");
        }
        return lines.Append("</span>").ToString();
    }

    private static void Trivia(StringBuilder html, SyntaxTriviaList list)
    {
        foreach (var trivia in list)
        {
            Append(html, trivia.ToFullString(), trivia switch
            {
                _ when trivia.IsDirective => "p",
                _ when trivia.IsKind(SyntaxKind.WhitespaceTrivia) || trivia.IsKind(SyntaxKind.EndOfLineTrivia)
                    || trivia.IsKind(SyntaxKind.SkippedTokensTrivia) => "",
                _ => "c",
            });
        }
    }

    private static string ClassOf(SyntaxToken token)
    {
        if (token.IsKeyword() || (SyntaxFacts.IsContextualKeyword(token.Kind()) && !token.IsKind(SyntaxKind.IdentifierToken)))
            return "k";
        switch (token.Kind())
        {
            case SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.SingleLineRawStringLiteralToken
                or SyntaxKind.MultiLineRawStringLiteralToken
                or SyntaxKind.Utf8StringLiteralToken or SyntaxKind.InterpolatedStringStartToken
                or SyntaxKind.InterpolatedVerbatimStringStartToken or SyntaxKind.InterpolatedStringEndToken
                or SyntaxKind.InterpolatedStringTextToken or SyntaxKind.InterpolatedSingleLineRawStringStartToken
                or SyntaxKind.InterpolatedMultiLineRawStringStartToken
                or SyntaxKind.InterpolatedRawStringEndToken:
                return "s";
            case SyntaxKind.NumericLiteralToken:
                return "n";
            case SyntaxKind.IdentifierToken:
                return Identifier(token);
            default:
                return "";
        }
    }

    private static string Identifier(SyntaxToken token)
    {
        if (token.Text == "var" && token.Parent is TypeSyntax)
            return "k";
        return token.Parent switch
        {
            MethodDeclarationSyntax or LocalFunctionStatementSyntax => "m",
            BaseTypeDeclarationSyntax or DelegateDeclarationSyntax or ConstructorDeclarationSyntax or TypeParameterSyntax => "t",
            SimpleNameSyntax name when IsCall(name) => "m",
            GenericNameSyntax => "t",
            IdentifierNameSyntax name when IsType(name) => "t",
            _ => "",
        };
    }

    private static bool IsCall(SimpleNameSyntax name) => name.Parent switch
    {
        InvocationExpressionSyntax call => call.Expression == name,
        MemberAccessExpressionSyntax access => access.Name == name && access.Parent is InvocationExpressionSyntax call
            && call.Expression == access,
        MemberBindingExpressionSyntax binding => binding.Parent is InvocationExpressionSyntax call && call.Expression == binding,
        _ => false,
    };

    private static bool IsType(IdentifierNameSyntax name) => name.Parent switch
    {
        ObjectCreationExpressionSyntax or CastExpressionSyntax { Type: IdentifierNameSyntax } or TypeArgumentListSyntax or ArrayTypeSyntax
            or NullableTypeSyntax or BaseTypeSyntax
            or TypeOfExpressionSyntax or DefaultExpressionSyntax or DeclarationPatternSyntax or RecursivePatternSyntax
            or TypeConstraintSyntax or CatchDeclarationSyntax or AttributeSyntax
            or RefTypeSyntax or TupleElementSyntax => name.Parent is not CastExpressionSyntax cast || cast.Type == name,
        VariableDeclarationSyntax declaration => declaration.Type == name,
        ParameterSyntax parameter => parameter.Type == name,
        MethodDeclarationSyntax method => method.ReturnType == name,
        LocalFunctionStatementSyntax function => function.ReturnType == name,
        PropertyDeclarationSyntax property => property.Type == name,
        ForEachStatementSyntax loop => loop.Type == name,
        DeclarationExpressionSyntax declaration => declaration.Type == name,
        // Only a compilation would tell whether the left side of a dot is a type. This assumes the usual naming style, in which only
        // types and properties begin with a capital.
        MemberAccessExpressionSyntax access => access.Expression == name && name.Identifier.Text is [var first, ..] && char.IsUpper(first),
        _ => false,
    };

    private static void Append(StringBuilder html, string text, string kind)
    {
        if (text.Length == 0)
            return;
        html.Append(kind.Length == 0 ? WebUtility.HtmlEncode(text) : $"<span class=\"{kind}\">{WebUtility.HtmlEncode(text)}</span>");
    }
}
