using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Mono.Cecil;

namespace Mezcla.Architecture.Tests;

/// <summary>Which folder of a project each type and each member is written in, read from the sources.</summary>
internal sealed class SourceIndex
{
    private readonly string _project;
    private readonly IReadOnlyDictionary<string, int> _order;
    private readonly Dictionary<string, HashSet<int>> _types = [], _heads = [], _members = [];

    /// <param name="project">The folder of the project.</param>
    /// <param name="order">The folders in it, by name, with their places in the order.</param>
    public SourceIndex(string project, IReadOnlyDictionary<string, int> order)
    {
        (_project, _order) = (project, order);
        foreach (var file in Repository.SourceFiles(project))
            if (FolderOf(file) is { } folder)
                Read(CSharpSyntaxTree.ParseText(File.ReadAllText(file), new CSharpParseOptions(LanguageVersion.Preview)).GetRoot(), folder);
    }

    /// <summary>Whether the compiler made up a type: a closure, an iterator, what holds extensions.</summary>
    public static bool IsGenerated(TypeDefinition type) =>
        type.Name.Contains('<') || type.Name.StartsWith("__", StringComparison.Ordinal)
            || type.DeclaringType is { } outer && IsGenerated(outer);

    /// <summary>The name of a method as the source has it: of the property for an accessor.</summary>
    public static string NameOf(MethodDefinition method)
    {
        var name = method.Name[(method.Name.LastIndexOf('.') is var dot and > 0 ? dot + 1 : 0)..];
        if (method.IsConstructor)
            return ".ctor";
        foreach (var prefix in new[] { "get_", "set_", "add_", "remove_" })
            if ((method.IsSpecialName || method.Name.Contains('.')) && name.StartsWith(prefix, StringComparison.Ordinal))
                return name[prefix.Length..];
        return name;
    }

    /// <summary>The folder of a file by its full path; null where it lies directly in the
    /// project, outside, or in a folder without a place.</summary>
    public int? FolderOf(string file)
    {
        var parts = Path.GetRelativePath(_project, file).Split('/', '\\');
        return parts.Length > 1 && _order.TryGetValue(parts[0], out var place) ? place : null;
    }

    /// <summary>The folder of a field.</summary>
    public int? FolderOf(FieldDefinition field) => FolderOf(field.DeclaringType, field.Name);

    /// <summary>The folder of a member by its name; that of the type where the compiler made the member up.</summary>
    public int? FolderOf(TypeDefinition type, string member) =>
        Lowest(_members, $"{Key(type)}.{member}") ?? LowestOf(type);

    /// <summary>The folder of the part of a type that names its base and interfaces.</summary>
    public int? HeadOf(TypeDefinition type) => Lowest(_heads, Key(type)) ?? LowestOf(type);

    /// <summary>The first of the folders that hold a part of a type.</summary>
    public int? LowestOf(TypeDefinition type) => Lowest(_types, Key(type));

    private static int? Lowest(Dictionary<string, HashSet<int>> index, string key) => index.TryGetValue(key, out var places)
        ? places.Min()
        : null;

    private static string Key(TypeDefinition type) => type.DeclaringType is { } outer
        ? $"{Key(outer)}/{type.Name}"
        : type.Namespace.Length > 0 ? $"{type.Namespace}.{type.Name}" : type.Name;

    private void Read(Microsoft.CodeAnalysis.SyntaxNode root, int folder)
    {
        foreach (var declaration in root.DescendantNodes().OfType<MemberDeclarationSyntax>())
        {
            if (declaration is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax)
            {
                if (declaration is ExtensionBlockDeclarationSyntax)
                    continue;
                var key = Key(declaration);
                Add(_types, key, folder);
                if (declaration is BaseTypeDeclarationSyntax { BaseList: not null })
                    Add(_heads, key, folder);
                if (declaration is TypeDeclarationSyntax { ParameterList: { } list })
                {
                    Add(_members, key + "..ctor", folder);
                    foreach (var parameter in list.Parameters)
                        Add(_members, $"{key}.{parameter.Identifier.ValueText}", folder);
                }
            }
            else if (declaration.Parent is BaseTypeDeclarationSyntax)
                foreach (var name in Names(declaration))
                    Add(_members, $"{Key(declaration.Parent)}.{name}", folder);
        }
    }

    private static void Add(Dictionary<string, HashSet<int>> index, string key, int folder)
    {
        if (!index.TryGetValue(key, out var places))
            index[key] = places = [];
        places.Add(folder);
    }

    private static IEnumerable<string> Names(MemberDeclarationSyntax member) => member switch
    {
        BaseFieldDeclarationSyntax fields => fields.Declaration.Variables.Select(variable => variable.Identifier.ValueText),
        MethodDeclarationSyntax method => [method.Identifier.ValueText],
        PropertyDeclarationSyntax property => [property.Identifier.ValueText],
        EventDeclarationSyntax @event => [@event.Identifier.ValueText],
        EnumMemberDeclarationSyntax value => [value.Identifier.ValueText],
        IndexerDeclarationSyntax => ["Item"],
        ConstructorDeclarationSyntax => [".ctor"],
        _ => [],
    };

    // As metadata names it: Namespace.Outer`1/Inner. What stands in an extension block belongs to the class around it.
    private static string Key(Microsoft.CodeAnalysis.SyntaxNode declaration)
    {
        if (declaration is ExtensionBlockDeclarationSyntax)
            return Key(declaration.Parent!);
        var (name, arity) = declaration switch
        {
            TypeDeclarationSyntax type => (type.Identifier.ValueText, type.TypeParameterList?.Parameters.Count ?? 0),
            DelegateDeclarationSyntax @delegate => (@delegate.Identifier.ValueText, @delegate.TypeParameterList?.Parameters.Count ?? 0),
            _ => (((BaseTypeDeclarationSyntax)declaration).Identifier.ValueText, 0),
        };
        var full = arity > 0 ? $"{name}`{arity}" : name;
        return declaration.Parent switch
        {
            BaseTypeDeclarationSyntax outer => $"{Key(outer)}/{full}",
            _ when Namespace(declaration) is { Length: > 0 } space => $"{space}.{full}",
            _ => full,
        };
    }

    private static string Namespace(Microsoft.CodeAnalysis.SyntaxNode node) =>
        string.Join('.', node.Ancestors().OfType<BaseNamespaceDeclarationSyntax>().Reverse().Select(space => space.Name.ToString()));
}
