using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mezcla.Tests;

namespace Mezcla.Course.Tests;

/// <summary>The course's prose: links inside the repository lead somewhere, and words are spelled as a dictionary spells them.</summary>
public sealed partial class ProseTests
{
    public static TheoryData<string> Documents =>
        [.. Directory.EnumerateFiles(Path.Combine(Checkout.Root, "notebooks"), "*.ipynb", SearchOption.AllDirectories)
            .Concat([Path.Combine(Checkout.Root, "README.md"), Path.Combine(Checkout.Root, "datasets", "README.md")])
            .Where(file => !file.Contains(".ipynb_checkpoints"))
            .Select(file => Path.GetRelativePath(Checkout.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_inside_the_repository_lead_somewhere(string document)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Checkout.Root, document))!;
        var lost = Link().Matches(Prose(document)).Select(m => m.Groups[1].Value)
            .Where(url => !url.Contains("://") && !url.StartsWith('#') && !url.StartsWith("mailto:"))
            .Where(url => !Path.Exists(Path.Combine(folder, Uri.UnescapeDataString(url.Split('#')[0]))));
        Assert.True(!lost.Any(), $"{document} links to what is not there: {string.Join(", ", lost)}");
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Words_are_spelled_as_in_the_dictionary(string document)
    {
        var dictionary = new[] { "american-english", "british-english" }.Select(name => Path.Combine("/usr/share/dict", name))
            .Where(File.Exists).ToList();
        if (dictionary.Count < 2)
            Assert.Skip("The word lists are not here; on Debian: apt-get install wamerican wbritish");
        var known = dictionary.SelectMany(File.ReadLines)
            .Concat(File.ReadLines(Path.Combine(Checkout.Root, "tests", "Mezcla.Course.Tests", "words.txt"))
                .Where(line => !line.StartsWith('#')))
            .Select(word => word.Trim()).ToHashSet(StringComparer.OrdinalIgnoreCase);
        // Code, formulas, addresses and names in capitals are not words of the prose.
        var text = NotProse().Replace(Prose(document), " ");
        var unknown = Word().Matches(text).Select(m => m.Value.Trim('\'', '’').Replace('’', '\''))
            .Where(word => word.Length > 2 && !known.Contains(word)
                && !known.Contains(word.EndsWith("'s", StringComparison.Ordinal) ? word[..^2] : word) && word != word.ToUpperInvariant())
            .Distinct().Order(StringComparer.OrdinalIgnoreCase);
        Assert.True(!unknown.Any(),
            $"{document} has words that no list knows: {string.Join(", ", unknown)}. Mend them, or add them to words.txt beside this " +
                "test.");
    }

    private static string Prose(string document)
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, document));
        return !document.EndsWith(".ipynb", StringComparison.Ordinal) ? text : string.Join("\n\n", JsonNode.Parse(text)!["cells"]!.AsArray()
            .Where(cell => cell!["cell_type"]!.GetValue<string>() == "markdown")
            .Select(cell => cell!["source"] is JsonArray lines
                ? string.Concat(lines.Select(l => l!.GetValue<string>()))
                : cell["source"]!.GetValue<string>()));
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```[\s\S]*?```|`[^`\n]*`|\$\$[\s\S]*?\$\$|\$[^$\n]+\$|\]\([^)]*\)|<[^>\n]*>|https?://\S+|“[^”]*”|" +
        @"\*\*References\.\*\*[\s\S]*?(?=\n\n|$)|\w*\d\w*")]
    private static partial Regex NotProse();

    [GeneratedRegex(@"\p{L}[\p{L}'’]*")]
    private static partial Regex Word();
}
