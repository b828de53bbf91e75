using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>A type of a cell (all its partial declarations) that can be compiled apart from the cell's statements.</summary>
internal sealed class HoistedUnit(string key)
{
    /// <summary>Namespace, name and number of type parameters: what a later definition of the same type has too.</summary>
    public string Key => key;

    /// <summary>The declarations themselves.</summary>
    public List<SyntaxNode> Declarations { get; } = [];

    /// <summary>The stretches of text to compile: declarations, and the headers and braces of namespaces around them.</summary>
    public List<TextSpan> Spans { get; } = [];

    /// <summary>Whether a script can't hold it: it is in a namespace or declares extensions.</summary>
    public bool IsRequired { get; set; }

    /// <summary>Whether it is an extension block that stands in no class, and needs one around it.</summary>
    public bool NeedsClass { get; private set; }

    /// <summary>Every identifier it mentions.</summary>
    public HashSet<string> Mentions { get; } = new(StringComparer.Ordinal);

    /// <summary>Names by which other units may depend on it.</summary>
    public HashSet<string> Exposes { get; } = new(StringComparer.Ordinal);

    /// <summary>Finds the types of a cell that can stand alone.</summary>
    public static IReadOnlyList<HoistedUnit> Find(CompilationUnitSyntax root)
    {
        var units = new Dictionary<string, HoistedUnit>(StringComparer.Ordinal);
        Collect(root.Members, "", [], units);
        return [.. units.Values];
    }

    private static void Collect(
        SyntaxList<MemberDeclarationSyntax> members, string space, List<TextSpan> around, Dictionary<string, HoistedUnit> units)
    {
        foreach (var member in members)
        {
            if (member is BaseNamespaceDeclarationSyntax inner)
                Collect(inner.Members, space + inner.Name + ".", [.. around, .. Shell(inner)], units);
            else if (member is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
                Add(member, space, around, units);
        }
    }

    private static void Add(MemberDeclarationSyntax member, string space, List<TextSpan> around, Dictionary<string, HoistedUnit> units)
    {
        var (name, arity) = member switch
        {
            // There is one for each kind of receiver; a second block for the same receiver replaces the first.
            ExtensionBlockDeclarationSyntax block => ($"extension {block.ParameterList?.Parameters.FirstOrDefault()?.Type}", block.Arity),
            TypeDeclarationSyntax type => (type.Identifier.ValueText, type.Arity),
            DelegateDeclarationSyntax type => (type.Identifier.ValueText, type.Arity),
            _ => (((BaseTypeDeclarationSyntax)member).Identifier.ValueText, 0),
        };
        var key = $"{space}{name}`{arity}";
        if (!units.TryGetValue(key, out var unit))
            units[key] = unit = new HoistedUnit(key);

        unit.Declarations.Add(member);
        unit.Spans.AddRange(around);
        unit.Spans.Add(WithDocumentation(member));
        unit.Exposes.Add(name);
        unit.NeedsClass = member is ExtensionBlockDeclarationSyntax;
        var extends = unit.NeedsClass || (member is ClassDeclarationSyntax type1 && DeclaresExtensions(type1));
        unit.IsRequired |= space.Length > 0 || extends;
        foreach (var token in member.DescendantTokens())
        {
            if (token.IsKind(SyntaxKind.IdentifierToken))
                unit.Mentions.Add(token.ValueText);
        }

        if (extends)
        {
            // Calls don't name the class, so any mention of a member counts.
            foreach (var declared in member.DescendantNodes().OfType<MemberDeclarationSyntax>())
            {
                if (declared is MethodDeclarationSyntax method)
                    unit.Exposes.Add(method.Identifier.ValueText);
                else if (declared is PropertyDeclarationSyntax property)
                    unit.Exposes.Add(property.Identifier.ValueText);
            }
        }
    }

    private static bool DeclaresExtensions(ClassDeclarationSyntax type) => type.Members.Any(member =>
        member is ExtensionBlockDeclarationSyntax
        || (member is MethodDeclarationSyntax { ParameterList.Parameters: [var first, ..] }
            && first.Modifiers.Any(SyntaxKind.ThisKeyword)));

    /// <summary>A namespace's header, usings and closing brace, without its members.</summary>
    private static IEnumerable<TextSpan> Shell(BaseNamespaceDeclarationSyntax space)
    {
        if (space is NamespaceDeclarationSyntax block)
        {
            yield return TextSpan.FromBounds(block.NamespaceKeyword.SpanStart, block.OpenBraceToken.Span.End);
            yield return block.CloseBraceToken.Span;
        }
        else if (space is FileScopedNamespaceDeclarationSyntax file)
        {
            yield return TextSpan.FromBounds(file.NamespaceKeyword.SpanStart, file.SemicolonToken.Span.End);
        }

        foreach (var directive in space.Usings)
            yield return directive.Span;
    }

    private static TextSpan WithDocumentation(SyntaxNode node)
    {
        foreach (var trivia in node.GetLeadingTrivia())
        {
            if (trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia)
                || trivia.IsKind(SyntaxKind.MultiLineDocumentationCommentTrivia))
                return TextSpan.FromBounds(trivia.FullSpan.Start, node.Span.End);
        }

        return node.Span;
    }
}
