using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>Documentation comments of an assembly, from the XML the compiler wrote for it; read when first asked.</summary>
internal sealed class XmlDocumentation : DocumentationProvider
{
    private readonly object _key;
    private readonly Lazy<Dictionary<string, string>> _members;

    public XmlDocumentation(string path)
    {
        _key = path;
        _members = new Lazy<Dictionary<string, string>>(() => Read(() => XDocument.Load(path, LoadOptions.PreserveWhitespace)));
    }

    public XmlDocumentation(MemoryStream xml)
    {
        _key = xml;
        _members = new Lazy<Dictionary<string, string>>(() => Read(() =>
        {
            xml.Position = 0;
            return XDocument.Load(xml, LoadOptions.PreserveWhitespace);
        }));
    }

    public string? Find(string documentationId) => _members.Value.GetValueOrDefault(documentationId);

    public override bool Equals(object? obj) => obj is XmlDocumentation other && Equals(other._key, _key);

    public override int GetHashCode() => _key.GetHashCode();

    protected override string? GetDocumentationForSymbol(
        string documentationMemberID, CultureInfo preferredCulture, CancellationToken cancellationToken = default) =>
        Find(documentationMemberID);

    private static Dictionary<string, string> Read(Func<XDocument> load)
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var member in load().Descendants("member"))
            {
                if ((string?)member.Attribute("name") is { } name)
                    members[name] = member.ToString(SaveOptions.DisableFormatting);
            }
        }
        catch (Exception exception) when (exception is XmlException or IOException or UnauthorizedAccessException)
        {
            // A damaged or unreadable documentation file means no documentation; the code it describes is unaffected.
        }

        return members;
    }
}
