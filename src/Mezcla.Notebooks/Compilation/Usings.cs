using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>The using directives in force: the host's and those of earlier cells.</summary>
/// <remarks>Scripts inherit them from one another; cells' types, compiled as ordinary C#, get them as global usings.</remarks>
internal sealed class Usings
{
    private readonly Dictionary<string, string> _directives = new(StringComparer.Ordinal);
    private readonly HashSet<string> _spaces = new(StringComparer.Ordinal);

    /// <param name="imports">Namespaces, and types as <c>static Full.Name</c>.</param>
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

    /// <summary>The host's imports as the script compiler wants them.</summary>
    public IReadOnlyList<string> Names { get; }

    public void Add(IEnumerable<UsingDirectiveSyntax> directives)
    {
        foreach (var directive in directives)
        {
            // An alias defined anew replaces the old one.
            var key = directive.Alias is { } alias
                ? alias.Name.ToString() + "="
                : (directive.StaticKeyword.Text + " " + directive.NamespaceOrType).Trim();
            var text = directive.WithoutTrivia().NormalizeWhitespace().ToFullString();
            _directives[key] = text.StartsWith("global", StringComparison.Ordinal) ? text : "global " + text;
        }
    }

    /// <summary>Source that opens all of it for types compiled apart.</summary>
    /// <param name="units">All types of the cell; their namespaces count as known, whether compiled yet or not.</param>
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
