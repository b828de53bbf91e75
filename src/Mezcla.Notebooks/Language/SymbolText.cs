using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>Symbols as a reader of C# expects to see them.</summary>
internal static class SymbolText
{
    private static readonly SymbolDisplayFormat Format = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.Omitted,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeVariance,
        memberOptions: SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType
            | SymbolDisplayMemberOptions.IncludeContainingType
            | SymbolDisplayMemberOptions.IncludeRef | SymbolDisplayMemberOptions.IncludeConstantValue,
        delegateStyle: SymbolDisplayDelegateStyle.NameAndSignature,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeDefaultValue
            | SymbolDisplayParameterOptions.IncludeParamsRefOut | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        localOptions: SymbolDisplayLocalOptions.IncludeType | SymbolDisplayLocalOptions.IncludeConstantValue,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword | SymbolDisplayKindOptions.IncludeNamespaceKeyword,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier
            | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers);

    private static readonly SymbolDisplayFormat OfCell =
        Format.RemoveMemberOptions(SymbolDisplayMemberOptions.IncludeContainingType);

    /// <summary>The declaration in one line.</summary>
    public static string Line(ISymbol symbol) => symbol.ToDisplayString(symbol.ContainingType is { IsScriptClass: true } ? OfCell : Format);

    public static string Kind(ISymbol symbol) => symbol switch
    {
        IFieldSymbol { ContainingType.IsScriptClass: true } or ILocalSymbol or IRangeVariableSymbol => "variable",
        IMethodSymbol => "method",
        IPropertySymbol => "property",
        IFieldSymbol => "field",
        IEventSymbol => "event",
        IParameterSymbol => "parameter",
        INamespaceSymbol => "namespace",
        ITypeSymbol type => type.TypeKind.ToString().ToLowerInvariant(),
        _ => symbol.Kind.ToString().ToLowerInvariant(),
    };

    /// <summary>The overloads a call may mean.</summary>
    public static IEnumerable<IMethodSymbol> GetMemberGroupOrConstructors(this SemanticModel model, SyntaxNode call)
    {
        switch (call)
        {
            case InvocationExpressionSyntax invocation:
                return model.GetMemberGroup(invocation.Expression).OfType<IMethodSymbol>();
            case ObjectCreationExpressionSyntax creation:
                return model.GetTypeInfo(creation).Type is INamedTypeSymbol type ? type.InstanceConstructors : [];
            case ImplicitObjectCreationExpressionSyntax creation:
                return model.GetTypeInfo(creation).Type is INamedTypeSymbol target ? target.InstanceConstructors : [];
            default:
                return [];
        }
    }
}
