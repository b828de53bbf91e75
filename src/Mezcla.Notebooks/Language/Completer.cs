using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>Finds what could stand at the cursor, from the symbols in scope there.</summary>
internal static class Completer
{
    private const int Most = 400;

    public static CompletionResult Complete(CellCompiler compiler, string code, int cursor, CancellationToken cancellation)
    {
        var site = QuestionSite.At(compiler, code, cursor);
        cancellation.ThrowIfCancellationRequested();
        if (!site.IsName)
            return new CompletionResult(site.End, site.End, []);

        var found = new List<(Completion Item, int Rank)>();
        var isMember = AddSymbols(site, found);
        if (!isMember)
            found.AddRange(Keywords(site).Select(keyword => (new Completion(keyword, "keyword"), 4)));

        var items = found
            .OrderBy(pair => Match(pair.Item.Text, site.Prefix))
            .ThenBy(pair => pair.Rank)
            .ThenBy(pair => pair.Item.Text, StringComparer.OrdinalIgnoreCase)
            .Select(pair => pair.Item)
            .DistinctBy(item => item.Text)
            .Take(Most)
            .ToList();
        return new CompletionResult(site.Start, site.End, items);
    }

    /// <summary>How well a name fits what was typed: 0 begins with it, 1 begins with it
    /// but for case, 2 in its capitals or inside, 3 not.</summary>
    internal static int Match(string name, string prefix)
    {
        if (name.StartsWith(prefix, StringComparison.Ordinal))
            return 0;

        if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            return 1;

        if (prefix.Length < 2)
            return 3;

        var capitals = string.Concat(name.Where((character, i) => i == 0 || char.IsUpper(character)));
        return capitals.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) || name.Contains(prefix, StringComparison.OrdinalIgnoreCase)
            ? 2 : 3;
    }

    /// <summary>The keywords that the parser accepts in place of the name at the cursor.</summary>
    private static IEnumerable<string> Keywords(QuestionSite site)
    {
        var text = site.Tree.GetText();
        foreach (var kind in SyntaxFacts.GetKeywordKinds())
        {
            var keyword = SyntaxFacts.GetText(kind);
            if (keyword.StartsWith('_') || Match(keyword, site.Prefix) == 3)
                continue;

            // A contextual keyword is an identifier until what follows it is known, so the parser cannot refuse it here.
            if (SyntaxFacts.IsContextualKeyword(kind))
            {
                if (!SyntaxFacts.IsAttributeTargetSpecifier(kind))
                    yield return keyword;
            }
            else if (IsAccepted(site.Tree.WithChangedText(text.Replace(site.Token.Span, keyword)), kind, site.Start))
            {
                yield return keyword;
            }
        }
    }

    private static bool IsAccepted(SyntaxTree tree, SyntaxKind keyword, int start) =>
        tree.GetRoot().FindToken(start) is var token && token.IsKind(keyword) && token.SpanStart == start
        && !tree.GetDiagnostics().Any(error => error.Location.SourceSpan.Start == start);

    /// <returns>Whether only members of something can stand here.</returns>
    private static bool AddSymbols(QuestionSite site, List<(Completion Item, int Rank)> found)
    {
        switch (site.Node?.Parent)
        {
            case MemberAccessExpressionSyntax access when access.Name == site.Node:
                Add(site, found, MembersOf(site, access.Expression), 0);
                return true;
            case QualifiedNameSyntax qualified when qualified.Right == site.Node:
                Add(site, found, MembersOf(site, qualified.Left), 0);
                return true;
            case MemberBindingExpressionSyntax binding
                when binding.FirstAncestorOrSelf<ConditionalAccessExpressionSyntax>() is { } conditional:
                Add(site, found, InstanceMembers(site, Underlying(site.Model.GetTypeInfo(conditional.Expression).Type)), 0);
                return true;
            case UsingDirectiveSyntax:
                Add(site, found, site.Model.LookupNamespacesAndTypes(site.Start), 0);
                return true;
            case AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax initializer } assignment
                when assignment.Left == site.Node:
            case InitializerExpressionSyntax initializer1 when (initializer = initializer1) is not null:
                Add(site, found, Settable(site, initializer), 0);
                break;
        }

        AddArgumentNames(site, found);
        AddEnumValues(site, found);
        var typesOnly = site.Node?.Parent is ObjectCreationExpressionSyntax;
        var symbols = typesOnly ? site.Model.LookupNamespacesAndTypes(site.Start) : site.Model.LookupSymbols(site.Start);
        Add(site, found, symbols, 1);
        return typesOnly;
    }

    private static IEnumerable<ISymbol> MembersOf(QuestionSite site, ExpressionSyntax left)
    {
        var symbol = site.Model.GetSymbolInfo(left).Symbol;
        if (symbol is INamespaceSymbol space)
            return site.Model.LookupSymbols(site.Start, space);

        var type = Underlying(site.Model.GetTypeInfo(left).Type, keepNullable: true);
        if (symbol is ITypeSymbol named)
        {
            var statics = site.Model.LookupSymbols(site.Start, named).Where(member => member.IsStatic || member is ITypeSymbol);

            // A property may be named like its type (Color Color): then the name stands for both.
            var both = site.Model.LookupSymbols(left.SpanStart, name: left.ToString())
                .FirstOrDefault(other => other is IPropertySymbol or IFieldSymbol or ILocalSymbol or IParameterSymbol);
            return both is null ? statics : statics.Concat(InstanceMembers(site, named));
        }

        return InstanceMembers(site, type);
    }

    private static IEnumerable<ISymbol> InstanceMembers(QuestionSite site, ITypeSymbol? type) =>
        type is null or IErrorTypeSymbol
            ? []
            : site.Model.LookupSymbols(site.Start, type, includeReducedExtensionMethods: true)
                .Where(member => !member.IsStatic && member is not ITypeSymbol);

    private static ITypeSymbol? Underlying(ITypeSymbol? type, bool keepNullable = false) =>
        !keepNullable && type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0] : type;

    private static IEnumerable<ISymbol> Settable(QuestionSite site, InitializerExpressionSyntax initializer)
    {
        var type = initializer.Parent is WithExpressionSyntax with
            ? site.Model.GetTypeInfo(with.Expression).Type
            : initializer.Parent is null ? null : site.Model.GetTypeInfo(initializer.Parent).Type;
        var members = InstanceMembers(site, type).ToList();
        return members.Where(member => member is IPropertySymbol { SetMethod: not null } or IFieldSymbol { IsReadOnly: false });
    }

    private static void AddArgumentNames(QuestionSite site, List<(Completion Item, int Rank)> found)
    {
        if (site.Node?.Parent is not ArgumentSyntax { NameColon: null, Parent.Parent: { } call })
            return;

        foreach (var method in site.Model.GetMemberGroupOrConstructors(call))
        {
            foreach (var parameter in method.Parameters.Where(parameter => Match(parameter.Name, site.Prefix) < 3))
                found.Add((new Completion(parameter.Name + ":", "parameter", SymbolText.Line(parameter)), 0));
        }
    }

    private static void AddEnumValues(QuestionSite site, List<(Completion Item, int Rank)> found)
    {
        var other = site.Node?.Parent switch
        {
            BinaryExpressionSyntax comparison when comparison.Right == site.Node => site.Model.GetTypeInfo(comparison.Left).Type,
            AssignmentExpressionSyntax assignment when assignment.Right == site.Node => site.Model.GetTypeInfo(assignment.Left).Type,
            EqualsValueClauseSyntax { Parent.Parent: VariableDeclarationSyntax declaration } =>
                site.Model.GetTypeInfo(declaration.Type).Type,
            _ => null,
        };
        if (Underlying(other) is not INamedTypeSymbol { TypeKind: TypeKind.Enum } type)
            return;

        var name = type.ToMinimalDisplayString(site.Model, site.Start);
        foreach (var value in type.GetMembers().OfType<IFieldSymbol>().Where(value => value.HasConstantValue))
        {
            var text = $"{name}.{value.Name}";
            if (Match(text, site.Prefix) < 3)
                found.Add((new Completion(text, "field", SymbolText.Line(value)), 0));
        }
    }

    private static void Add(QuestionSite site, List<(Completion Item, int Rank)> found, IEnumerable<ISymbol> symbols, int rank)
    {
        foreach (var group in symbols.Where(IsUsable).GroupBy(symbol => symbol.Name, StringComparer.Ordinal))
        {
            if (Match(group.Key, site.Prefix) == 3)
                continue;

            var first = group.First();
            var more = group.Count() - 1;
            var signature = SymbolText.Line(first) + (more > 0 ? FormattableString.Invariant($" (+{more} more)") : "");
            found.Add((new Completion(group.Key, SymbolText.Kind(first), signature), rank + RankOf(first)));
        }
    }

    private static int RankOf(ISymbol symbol) => symbol switch
    {
        { ContainingType.SpecialType: SpecialType.System_Object } => 3,
        ILocalSymbol or IParameterSymbol or IRangeVariableSymbol => 0,
        { ContainingType.IsScriptClass: true } => 0,
        INamespaceSymbol => 2,
        INamedTypeSymbol => 1,
        IMethodSymbol { IsExtensionMethod: true } => 1,
        _ => 0,
    };

    private static bool IsUsable(ISymbol symbol) =>
        symbol.CanBeReferencedByName
        && !symbol.GetAttributes().Any(attribute =>
            attribute.AttributeClass?.Name == "EditorBrowsableAttribute" && attribute.ConstructorArguments is [{ Value: 1 }]);
}
