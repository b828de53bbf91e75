using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>Suggests what was meant by a name that the compiler does not know.</summary>
internal static class Suggestions
{
    public static string? For(CSharpCompilation compilation, Diagnostic error)
    {
        if (error.Id is not ("CS0103" or "CS0246" or "CS1061" or "CS0117") || error.Location.SourceTree is not { } tree
            || !compilation.ContainsSyntaxTree(tree))
            return null;

        var root = tree.GetRoot();
        if (root.FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true) is not SimpleNameSyntax name)
            return null;

        var model = compilation.GetSemanticModel(tree);
        var wanted = name.Identifier.ValueText;
        // Whoever writes a type's name letter by letter wants that type, however near another name is.
        var spaces = error.Id is "CS0103" or "CS0246" ? TypesNamed(compilation, wanted).Select(SpaceOf).Take(3).ToList() : [];
        if (spaces.Count > 0)
            return $"{wanted} is in {string.Join(" or ", spaces)}: add using {spaces[0]};";

        var known = error.Id is "CS1061" or "CS0117" ? Members(model, name) : model.LookupSymbols(name.SpanStart);
        var near = Near(wanted, known.Where(symbol => symbol.CanBeReferencedByName).Select(symbol => symbol.Name));
        var (namesake, type) = error.Id is "CS0117" ? Namesake(compilation, model, name) : default;
        return (near, namesake) switch
        {
            (null, null) => null,
            (_, null) => $"did you mean {near}?",
            (null, _) => $"did you mean {namesake}.{wanted}? {type!.Name} is {type} here.",
            _ => $"did you mean {near}, or {namesake}.{wanted}? {type!.Name} is {type} here.",
        };
    }

    /// <summary>Another type that has the member and the name of the type that lacks it: a using may have given the name to the wrong
    /// one.</summary>
    private static (INamedTypeSymbol? Namesake, INamedTypeSymbol? Type) Namesake(
        CSharpCompilation compilation, SemanticModel model, SimpleNameSyntax name)
    {
        if (name.Parent is not MemberAccessExpressionSyntax access
            || model.GetSymbolInfo(access.Expression).Symbol is not INamedTypeSymbol type)
            return default;

        var namesake = TypesNamed(compilation, type.Name).FirstOrDefault(other =>
            !SymbolEqualityComparer.Default.Equals(other, type) && other.GetMembers(name.Identifier.ValueText).Any(IsPublic));
        return (namesake, type);
    }

    private static IEnumerable<ISymbol> Members(SemanticModel model, SimpleNameSyntax name)
    {
        if (name.Parent is not MemberAccessExpressionSyntax access)
            return [];

        var type = model.GetSymbolInfo(access.Expression).Symbol as INamedTypeSymbol ?? model.GetTypeInfo(access.Expression).Type;
        return type is null ? [] : model.LookupSymbols(name.SpanStart, type, includeReducedExtensionMethods: true);
    }

    private static string? Near(string wanted, IEnumerable<string> known)
    {
        var allowed = wanted.Length switch { < 3 => 0, < 6 => 1, _ => 2 };
        string? best = null;
        var bestDistance = allowed + 1;
        foreach (var name in known.Distinct(StringComparer.Ordinal))
        {
            var distance = name.Equals(wanted, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(wanted, name, bestDistance);
            if (distance < bestDistance)
                (best, bestDistance) = (name, distance);
        }

        return best;
    }

    /// <summary>
    /// The number of letters to change, add, remove or swap with their neighbour
    /// to get from one word to the other (optimal string alignment distance).
    /// </summary>
    private static int Distance(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) >= limit)
            return limit;

        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            rows[i, 0] = i;

        for (var j = 0; j <= b.Length; j++)
            rows[0, j] = j;

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[a.Length, b.Length];
    }

    private static bool IsPublic(ISymbol symbol) => symbol.DeclaredAccessibility == Accessibility.Public;

    private static string SpaceOf(ISymbol type) => type.ContainingNamespace.ToDisplayString();

    /// <summary>The public types of a name in all namespaces, those of short ones first.</summary>
    private static IEnumerable<INamedTypeSymbol> TypesNamed(CSharpCompilation compilation, string typeName)
    {
        var pending = new Stack<INamespaceSymbol>([compilation.GlobalNamespace]);
        var found = new List<INamedTypeSymbol>();
        while (pending.TryPop(out var space))
        {
            if (!space.IsGlobalNamespace)
                found.AddRange(space.GetTypeMembers(typeName).Where(IsPublic).DistinctBy(SpaceOf));

            foreach (var inner in space.GetNamespaceMembers())
                pending.Push(inner);
        }

        return found.OrderBy(type => SpaceOf(type).Length).ThenBy(SpaceOf, StringComparer.Ordinal);
    }
}
