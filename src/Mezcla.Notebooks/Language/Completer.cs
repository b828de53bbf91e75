using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>Finds what could stand at the cursor, from the symbols in scope there.</summary>
internal static class Completer
{
    public static CompletionResult Complete(CSharpCompilation compilation, int cursor, CancellationToken cancellation)
    {
        var tree = compilation.SyntaxTrees[0];
        var code = tree.GetText(cancellation).ToString();
        cursor = Math.Clamp(cursor, 0, code.Length);
        var start = cursor;
        while (start > 0 && (char.IsLetterOrDigit(code[start - 1]) || code[start - 1] == '_'))
            start--;

        var prefix = code[start..cursor];
        var model = compilation.GetSemanticModel(tree);
        var symbols = Symbols(model, tree.GetRoot(cancellation), start);
        var items = symbols
            .Where(symbol => symbol.CanBeReferencedByName && symbol.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            .GroupBy(symbol => symbol.Name, StringComparer.Ordinal)
            .OrderBy(group => !group.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ThenBy(group => group.Key, StringComparer.OrdinalIgnoreCase)
            .Select(group => new Completion(group.Key, group.First().Kind.ToString().ToLowerInvariant(), group.First().ToDisplayString()))
            .ToList();
        return new CompletionResult(start, cursor, items);
    }

    private static IEnumerable<ISymbol> Symbols(SemanticModel model, SyntaxNode root, int start)
    {
        var dot = start > 0 ? root.FindToken(start - 1) : default;
        if (!dot.IsKind(SyntaxKind.DotToken) || dot.Parent is not MemberAccessExpressionSyntax access)
            return model.LookupSymbols(start);

        if (model.GetSymbolInfo(access.Expression).Symbol is INamespaceOrTypeSymbol container)
            return model.LookupSymbols(start, container).Where(symbol => symbol.IsStatic || symbol is INamespaceOrTypeSymbol);

        return model.GetTypeInfo(access.Expression).Type is { } type
            ? model.LookupSymbols(start, type, includeReducedExtensionMethods: true).Where(symbol => !symbol.IsStatic)
            : [];
    }
}
