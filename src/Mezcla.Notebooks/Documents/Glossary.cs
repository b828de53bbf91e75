using System.Text;
using System.Text.RegularExpressions;

namespace Mezcla.Notebooks.Documents;

/// <summary>
/// The terms that notebooks define. A definition is a sentence of a Markdown cell with a bold link to the glossary:
/// <c>A [**logit**](glossary.md#logit) is a score before softmax.</c> The sentence is the glossary's entry. A link that is not bold refers
/// to an entry.
/// </summary>
public sealed partial class Glossary
{
    /// <summary>The name of the glossary's file, which lies beside the notebooks.</summary>
    public const string FileName = "glossary.md";

    private Glossary(IReadOnlyList<GlossaryEntry> entries) => Entries = entries;

    /// <summary>The entries in alphabetical order.</summary>
    public IReadOnlyList<GlossaryEntry> Entries { get; }

    /// <summary>Collects the definitions of notebooks.</summary>
    /// <param name="notebooks">The file name of each notebook, and the notebook.</param>
    /// <exception cref="InvalidDataException">A term is defined twice, or a link refers to a term that no notebook defines.</exception>
    public static Glossary Of(IEnumerable<(string File, Notebook Notebook)> notebooks)
    {
        var entries = new Dictionary<string, GlossaryEntry>(StringComparer.Ordinal);
        var links = new List<(string Anchor, string File)>();
        foreach (var (file, notebook) in notebooks)
        {
            foreach (var cell in notebook.Cells.Where(c => c.Kind == CellKind.Markdown))
            {
                links.AddRange(AnyLink().Matches(cell.Source).Select(m => (m.Groups["anchor"].Value, file)));
                foreach (Match match in Definition().Matches(cell.Source))
                {
                    var anchor = match.Groups["anchor"].Value;
                    var entry = new GlossaryEntry(anchor, match.Groups["term"].Value, Sentence(cell.Source, match), file,
                        notebook.Title ?? file);
                    if (!entries.TryAdd(anchor, entry))
                        throw new InvalidDataException(
                            $"{file} defines '{anchor}', and {entries[anchor].File} does so already. Keep one definition; elsewhere " +
                                $"write a link that is not bold: [{entry.Term}]({FileName}#{anchor}).");
                }
            }
        }
        if (links.FirstOrDefault(l => !entries.ContainsKey(l.Anchor)) is { Anchor: { } missing, File: var where })
            throw new InvalidDataException(
                $"{where} links to '{missing}' in the glossary, and no notebook defines it. Define it once, with a bold link: " +
                    $"[**{missing}**]({FileName}#{missing}).");
        return new([.. entries.Values.OrderBy(e => e.Anchor, StringComparer.Ordinal)]);
    }

    /// <summary>The glossary as a Markdown document with an anchor for each term.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder(
            "# Glossary\n\nThe terms that the course defines. Each entry is the sentence that defines the term, with a link to its " +
                "chapter.\n");
        foreach (var entry in Entries)
            text.Append($"\n<a id=\"{entry.Anchor}\"></a>{entry.Sentence} ([{entry.Title}]({entry.File}))\n");
        return text.ToString();
    }

    /// <summary>The sentence of a text in which a match stands, with links to the glossary replaced by their words.</summary>
    private static string Sentence(string source, Match match)
    {
        var paragraph = source.LastIndexOf("\n\n", match.Index, StringComparison.Ordinal) is var at and >= 0 ? at + 2 : 0;
        var last = source.IndexOf("\n\n", match.Index, StringComparison.Ordinal) is var stop and >= 0 ? stop : source.Length;
        var (start, end) = (paragraph, last);
        foreach (Match pause in SentenceEnd().Matches(source[paragraph..last]))
        {
            var after = paragraph + pause.Index + pause.Length;
            if (after <= match.Index)
                start = after;
            else if (paragraph + pause.Index >= match.Index)
            {
                end = after;
                break;
            }
        }
        var sentence = Whitespace().Replace(source[start..end], " ").Trim();
        return ListMark().Replace(AnyLink().Replace(sentence, "${words}"), "");
    }

    [GeneratedRegex(@"\[\*\*(?<term>[^*\]]+)\*\*\]\(glossary\.md#(?<anchor>[^)\s]+)\)")]
    private static partial Regex Definition();

    [GeneratedRegex(@"\[(?<words>[^\]]+)\]\(glossary\.md#(?<anchor>[^)\s]+)\)")]
    private static partial Regex AnyLink();

    // A full stop after an abbreviation does not end a sentence.
    [GeneratedRegex(@"(?<!\b(?:e\.g|i\.e|et al|vs|Dr|Fig))[.!?][”’)""*]*(?=\s|$)\s*")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"^(?:[-*>]|\d+\.)\s+")]
    private static partial Regex ListMark();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
