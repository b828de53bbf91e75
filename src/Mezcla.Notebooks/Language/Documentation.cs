using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>A symbol's documentation comment, as Markdown.</summary>
internal sealed partial class Documentation
{
    private readonly XElement? _xml;

    private Documentation(XElement? xml) => _xml = xml;

    /// <summary>The documentation of a symbol, of what it overrides or implements, or of its type's declaration.</summary>
    public static Documentation Of(ISymbol symbol)
    {
        foreach (var candidate in Candidates(symbol))
        {
            var xml = candidate.GetDocumentationCommentXml();
            if (string.IsNullOrEmpty(xml) && candidate.GetDocumentationCommentId() is { } id)
                xml = FrameworkDocumentation.Find(id, candidate.ContainingAssembly?.Name ?? "");

            if (Parse(xml) is { } element && element.HasElements && element.Element("inheritdoc") is null)
                return new Documentation(element);
        }

        return new Documentation(null);
    }

    /// <summary>Titles and texts; the summary has no title.</summary>
    /// <param name="detail">0 for what one needs to use it, 1 for everything.</param>
    public IEnumerable<(string Title, string Text)> Sections(int detail)
    {
        if (_xml is null)
            yield break;

        if (Text(_xml.Element("summary")) is { Length: > 0 } summary)
            yield return ("", summary);

        var parameters = _xml.Elements("typeparam").Concat(_xml.Elements("param"))
            .Select(parameter => $"- `{(string?)parameter.Attribute("name")}`: {Text(parameter)}")
            .Where(line => !line.EndsWith(": ", StringComparison.Ordinal))
            .ToList();
        if (parameters.Count > 0)
            yield return ("Parameters", string.Join('\n', parameters));

        if (Text(_xml.Element("returns") ?? _xml.Element("value")) is { Length: > 0 } returns)
            yield return ("Returns", returns);

        var exceptions = _xml.Elements("exception")
            .Select(exception => $"- `{Name((string?)exception.Attribute("cref"))}`: {Text(exception)}").ToList();
        if (exceptions.Count > 0)
            yield return ("Throws", string.Join('\n', exceptions));

        if (detail > 0)
        {
            foreach (var (element, title) in new[] { ("remarks", "Remarks"), ("example", "Example") })
            {
                if (Text(_xml.Element(element)) is { Length: > 0 } text)
                    yield return (title, text);
            }
        }
    }

    private static IEnumerable<ISymbol> Candidates(ISymbol symbol)
    {
        symbol = symbol.OriginalDefinition;
        if (symbol is IMethodSymbol { ReducedFrom: { } extension })
            symbol = extension;

        yield return symbol;
        for (var above = Overridden(symbol); above is not null; above = Overridden(above))
            yield return above.OriginalDefinition;

        if (symbol.ContainingType is { } owner)
        {
            foreach (var face in owner.AllInterfaces)
            {
                foreach (var member in face.GetMembers(symbol.Name))
                {
                    if (SymbolEqualityComparer.Default.Equals(owner.FindImplementationForInterfaceMember(member), symbol))
                        yield return member.OriginalDefinition;
                }
            }
        }

        if (symbol is IMethodSymbol { MethodKind: MethodKind.Constructor } constructor)
            yield return constructor.ContainingType;
    }

    private static ISymbol? Overridden(ISymbol symbol) => symbol switch
    {
        IMethodSymbol method => method.OverriddenMethod,
        IPropertySymbol property => property.OverriddenProperty,
        _ => null,
    };

    private static XElement? Parse(string? xml)
    {
        if (string.IsNullOrWhiteSpace(xml))
            return null;

        try
        {
            return XElement.Parse(xml, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException)
        {
            return null; // A comment that isn't well formed documents nothing.
        }
    }

    private static string Text(XElement? element)
    {
        if (element is null)
            return "";

        var text = new StringBuilder();
        Write(text, element);
        return Spaces().Replace(text.ToString().Trim(), " ").Replace(" \n", "\n", StringComparison.Ordinal)
            .Replace("\n ", "\n", StringComparison.Ordinal);
    }

    private static void Write(StringBuilder text, XElement element)
    {
        foreach (var node in element.Nodes())
        {
            switch (node)
            {
                case XText words:
                    text.Append(Breaks().Replace(words.Value, " "));
                    break;
                case XElement { Name.LocalName: "see" or "seealso" } see:
                    var shown = see.Value.Length > 0
                        ? see.Value
                        : (string?)see.Attribute("langword") ?? Name((string?)see.Attribute("cref") ?? (string?)see.Attribute("href"));
                    text.Append('`').Append(shown).Append('`');
                    break;
                case XElement { Name.LocalName: "paramref" or "typeparamref" } parameter:
                    text.Append('`').Append((string?)parameter.Attribute("name")).Append('`');
                    break;
                case XElement { Name.LocalName: "c" } code:
                    text.Append('`').Append(code.Value).Append('`');
                    break;
                case XElement { Name.LocalName: "code" } block:
                    text.Append("\n\n```csharp\n").Append(block.Value.Trim('\n', '\r')).Append("\n```\n\n");
                    break;
                case XElement { Name.LocalName: "item" } item:
                    text.Append("\n- ");
                    Write(text, item);
                    break;
                case XElement { Name.LocalName: "para" or "list" or "br" } paragraph:
                    text.Append("\n\n");
                    Write(text, paragraph);
                    text.Append("\n\n");
                    break;
                case XElement other:
                    Write(text, other);
                    break;
            }
        }
    }

    /// <summary>The readable part of a reference such as <c>M:System.String.Trim(System.Char)</c>.</summary>
    private static string Name(string? reference)
    {
        if (reference is null)
            return "";

        var name = reference.Length > 1 && reference[1] == ':' ? reference[2..] : reference;
        var parenthesis = name.IndexOf('(', StringComparison.Ordinal);
        if (parenthesis >= 0)
            name = name[..parenthesis];

        var parts = Arity().Replace(name, "").Split('.');
        return reference.StartsWith("T:", StringComparison.Ordinal) || parts.Length < 2 ? parts[^1] : $"{parts[^2]}.{parts[^1]}";
    }

    [GeneratedRegex(@"[ \t]+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Breaks();

    [GeneratedRegex(@"`+\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Arity();
}
