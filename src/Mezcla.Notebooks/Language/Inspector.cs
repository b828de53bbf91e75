using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>Describes the name at the cursor: declaration, documentation, and a variable's value.</summary>
internal static class Inspector
{
    public static MimeBundle? Inspect(
        CellCompiler compiler, IReadOnlyList<CellVariable> variables, string code, int cursor, int detail, CancellationToken cancellation)
    {
        cursor = Math.Clamp(cursor, 0, code.Length);
        var compilation = compiler.Analyze(QuestionText(code), "");
        var tree = compilation.SyntaxTrees[0];
        var root = tree.GetRoot(cancellation);
        var model = compilation.GetSemanticModel(tree);
        var symbol = SymbolAt(model, root, cursor) ?? CallAround(model, root, cursor);
        if (symbol is null)
            return null;

        var documentation = Documentation.Of(symbol);
        var (plain, markdown) = (new StringBuilder(), new StringBuilder());
        plain.Append(SymbolText.Line(symbol));
        markdown.Append("```csharp\n").Append(SymbolText.Line(symbol)).Append("\n```");
        if (ValueOf(variables, symbol) is { } value)
        {
            plain.Append("\nValue: ").Append(value);
            markdown.Append("\n\nValue: `").Append(value.Replace('`', '\'')).Append('`');
        }

        foreach (var (title, text) in documentation.Sections(detail))
        {
            plain.Append("\n\n").Append(title.Length > 0 ? title + ":\n" : "").Append(text.Replace("`", "", StringComparison.Ordinal));
            markdown.Append("\n\n").Append(title.Length > 0 ? $"**{title}**\n\n" : "").Append(text);
        }

        var overloads = symbol is IMethodSymbol { ContainingType: { } owner } method ? owner.GetMembers(method.Name).Length : 1;
        if (overloads > 1 && detail > 0)
        {
            var lines = string.Join('\n', symbol.ContainingType.GetMembers(symbol.Name).Select(SymbolText.Line));
            plain.Append("\n\nOverloads:\n").Append(lines);
            markdown.Append("\n\n**Overloads**\n\n```csharp\n").Append(lines).Append("\n```");
        }
        else if (overloads > 1)
        {
            var line = FormattableString.Invariant($"{overloads} overloads.");
            plain.Append("\n\n").Append(line);
            markdown.Append("\n\n").Append(line);
        }

        return new MimeBundle(new Dictionary<string, string>
        {
            [MimeBundle.PlainText] = plain.ToString(),
            [MimeBundle.Markdown] = markdown.ToString(),
            [MimeBundle.Html] = Markdig.Markdown.ToHtml(markdown.ToString()),
        });
    }

    private static string QuestionText(string code) =>
        CellSplitter.Split(code).Where(part => part.Kind == PartKind.Code).Select(part => part.Text).FirstOrDefault() ?? "";

    private static ISymbol? SymbolAt(SemanticModel model, SyntaxNode root, int cursor)
    {
        // The cursor stands before, inside or just after a name.
        foreach (var position in new[] { cursor, cursor - 1 })
        {
            if (position < 0 || position >= root.FullSpan.End)
                continue;

            var token = root.FindToken(position);
            if (!token.Span.Contains(position) || token.Parent is null)
                continue;

            if (!token.IsKind(SyntaxKind.IdentifierToken) && !SyntaxFacts.IsPredefinedType(token.Kind())
                && !token.IsKind(SyntaxKind.NewKeyword))
                continue;

            var node = token.Parent;
            var info = model.GetSymbolInfo(node);
            var symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault() ?? model.GetDeclaredSymbol(node);

            // In "new Point(…)", the constructor called says more than the type.
            if (symbol is INamedTypeSymbol && node.Parent is ObjectCreationExpressionSyntax creation
                && model.GetSymbolInfo(creation).Symbol is { } constructor)
                symbol = constructor;

            if (symbol is not null)
                return symbol;

            if (node is IdentifierNameSyntax && model.GetTypeInfo(node).Type is { TypeKind: not TypeKind.Error } type)
                return type;
        }

        return null;
    }

    /// <summary>Between the parentheses of a call, what is called.</summary>
    private static ISymbol? CallAround(SemanticModel model, SyntaxNode root, int cursor)
    {
        if (root.FullSpan.IsEmpty)
            return null;

        var call = root.FindToken(Math.Clamp(cursor - 1, 0, root.FullSpan.End - 1)).Parent?.FirstAncestorOrSelf<ArgumentListSyntax>()
            ?.Parent;
        if (call is null)
            return null;

        var info = model.GetSymbolInfo(call);
        return info.Symbol ?? info.CandidateSymbols.FirstOrDefault() ?? model.GetMemberGroupOrConstructors(call).FirstOrDefault();
    }

    private static string? ValueOf(IReadOnlyList<CellVariable> variables, ISymbol symbol)
    {
        if (symbol is not IFieldSymbol { ContainingType.IsScriptClass: true })
            return null;

        var variable = variables.FirstOrDefault(variable => variable.Name == symbol.Name);
        return variable is null
            ? null
            : PlainWriter.Inline(new ViewBuilder(new ViewLimits(Rows: 5, Items: 20, Depth: 2), _ => null).Build(variable.Value, 1));
    }
}
