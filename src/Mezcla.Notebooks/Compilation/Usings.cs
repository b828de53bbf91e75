using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>The using directives in force: the host's and those of earlier cells.</summary>
/// <remarks>Each submission inherits them from the one before. Types that are compiled as libraries get them as global usings.</remarks>
internal sealed class Usings
{
    private readonly Dictionary<string, string> _directives = new(StringComparer.Ordinal);
    private readonly HashSet<string> _spaces = new(StringComparer.Ordinal);

    /// <param name="imports">Namespaces, and types written as <c>static Full.Name</c>.</param>
    public Usings(IEnumerable<string> imports)
    {
        var names = new List<string>();
        foreach (var import in imports.Distinct(StringComparer.Ordinal))
        {
            _directives[import] = $"global using {import};";
            names.Add(import.StartsWith("static ", StringComparison.Ordinal) ? import["static ".Length..] : import);
        }

        Names = names;
    }

    /// <summary>The host's imports in the form that the script compiler expects.</summary>
    public IReadOnlyList<string> Names { get; }

    public void Add(IEnumerable<UsingDirectiveSyntax> directives)
    {
        foreach (var directive in directives)
        {
            // A new definition of an alias replaces the old one.
            var key = directive.Alias is { } alias
                ? alias.Name.ToString() + "="
                : (directive.StaticKeyword.Text + " " + directive.NamespaceOrType).Trim();
            var text = directive.WithoutTrivia().NormalizeWhitespace().ToFullString();
            _directives[key] = text.StartsWith("global", StringComparison.Ordinal) ? text : "global " + text;
        }
    }

    /// <summary>Source text that gives libraries all using directives in force.</summary>
    /// <param name="units">All types of the cell. Their namespaces are declared as well, even if they are not compiled yet.</param>
    public string Prelude(IEnumerable<HoistedUnit> units)
    {
        foreach (var unit in units)
        {
            var dot = unit.Key.LastIndexOf('.');
            if (dot > 0)
                _spaces.Add(unit.Key[..dot]);
        }

        var text = new StringBuilder();
        foreach (var directive in _directives.Values)
            text.AppendLine(directive);

        foreach (var space in _spaces)
            text.Append("namespace ").Append(space).AppendLine(" { }");

        return text.ToString();
    }
}
