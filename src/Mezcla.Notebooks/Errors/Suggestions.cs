using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>What was perhaps meant by a name the compiler doesn't know.</summary>
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
        var known = error.Id is "CS1061" or "CS0117" ? Members(model, name) : model.LookupSymbols(name.SpanStart);
        var near = Near(wanted, known.Where(symbol => symbol.CanBeReferencedByName).Select(symbol => symbol.Name));
        if (near is not null)
            return $"did you mean {near}?";

        var spaces = error.Id is "CS0103" or "CS0246" ? SpacesWith(compilation, wanted).Take(3).ToList() : [];
        return spaces.Count > 0 ? $"{wanted} is in {string.Join(" or ", spaces)}: add using {spaces[0]};" : null;
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

    /// <summary>How many letters must be changed, added, removed or swapped with their neighbour (optimal string alignment).</summary>
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

    private static IEnumerable<string> SpacesWith(CSharpCompilation compilation, string typeName)
    {
        var pending = new Stack<INamespaceSymbol>([compilation.GlobalNamespace]);
        var found = new List<string>();
        while (pending.TryPop(out var space))
        {
            if (!space.IsGlobalNamespace && space.GetTypeMembers(typeName).Any(type => type.DeclaredAccessibility == Accessibility.Public))
                found.Add(space.ToDisplayString());

            foreach (var inner in space.GetNamespaceMembers())
                pending.Push(inner);
        }

        return found.OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal);
    }
}
