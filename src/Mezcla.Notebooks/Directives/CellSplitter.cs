using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>Splits a cell at its directives.</summary>
internal static partial class CellSplitter
{
    /// <summary>The parts of a cell in order.</summary>
    /// <param name="cell">The cell's text.</param>
    /// <param name="language">The language that the notebook names for the cell, or null for C#.</param>
    public static IReadOnlyList<CellPart> Split(string cell, string? language = null)
    {
        var section = CellLanguages.OfCell(language);
        if (!cell.Contains('#', StringComparison.Ordinal) && section == CellLanguages.CSharp)
            return [new CellPart(PartKind.Code, "", cell, 1)];

        var parts = new List<CellPart>();
        var code = new List<TextSpan>();
        var content = new List<string>();
        var (codeLine, contentLine, valueArguments) = (1, 1, "");
        foreach (var line in SourceText.From(cell).Lines)
        {
            var text = line.ToString();
            var match = Directive().Match(text);
            var (name, argument) = (match.Groups["name"].Value, match.Groups["argument"].Value.Trim());
            if (!match.Success || !IsDirective(section, match, line.Start))
            {
                if (section.Kind == PartKind.Code)
                    code.Add(line.SpanIncludingLineBreak);
                else
                    content.Add(text);

                continue;
            }

            var number = line.LineNumber + 1;
            if (match.Groups["reference"].Success)
            {
                parts.Add(new CellPart(PartKind.Reference, match.Groups["reference"].Value, Unquote(argument), number));
                continue;
            }

            if (CellLanguages.Of(name) is { } next)
            {
                Flush();
                (section, codeLine, contentLine, valueArguments) = (next, number + 1, number + 1, argument);
                if (section.Kind == PartKind.Content && argument.Length > 0)
                    content.Add(argument);
            }
            else
            {
                parts.Add(new CellPart(PartKind.Magic, name, argument, number));
            }
        }

        Flush();
        return parts;

        bool IsDirective(CellSection here, Match match, int start)
        {
            if (here.Kind == PartKind.Code)
                return !IsInsideToken(cell, code, start);
            if (!match.Groups["magic"].Success)
                return false;
            var name = match.Groups["name"].Value;
            // What a script shares becomes part of the script; other languages have directives of their own.
            return here.Kind == PartKind.Content
                ? here.Name != MimeBundle.JavaScript || name is not ("set" or "share")
                : CellLanguages.Of(name) is not null;
        }

        void Flush()
        {
            if (section.Kind == PartKind.Value)
                parts.Add(new CellPart(PartKind.Value, valueArguments, string.Join('\n', content).Trim('\n'), contentLine));
            else if (section.Kind != PartKind.Code)
                parts.Add(new CellPart(section.Kind, section.Name, string.Join('\n', content).Trim('\n'), contentLine));
            else if (code.Any(span => !string.IsNullOrWhiteSpace(cell.Substring(span.Start, span.Length))))
                parts.Add(new CellPart(PartKind.Code, "", Blanking.Only(cell, code), codeLine));

            content.Clear();
            code.Clear();
        }
    }

    private static string Unquote(string argument) =>
        argument.Length >= 2 && argument[0] == '"' && argument.IndexOf('"', 1) is > 0 and var end
        ? argument[1..end]
        : argument.Trim('"');

    /// <summary>Whether a line begins inside a string or comment that an earlier line opened.</summary>
    private static bool IsInsideToken(string cell, List<TextSpan> code, int position)
    {
        if (code.Count == 0)
            return false;

        var before = Blanking.Only(cell, code)[..position];
        if (!before.Contains("\"\"\"", StringComparison.Ordinal) && !before.Contains("@\"", StringComparison.Ordinal)
            && !before.Contains("\"@", StringComparison.Ordinal) && !before.Contains("/*", StringComparison.Ordinal)
            && !before.Contains("@$\"", StringComparison.Ordinal))
            return false;

        // Append an identifier as a marker and parse. If it becomes a token of its own, no string or comment is open here.
        const string Marker = "zzMarkerzz";
        var root = CSharpSyntaxTree.ParseText(before + Marker, CellCompiler.ParseOptions).GetRoot();
        var token = root.FindToken(position, findInsideTrivia: true);
        return !(token.IsKind(SyntaxKind.IdentifierToken) && token.Text == Marker);
    }

    [GeneratedRegex(@"^\s*#(?:!(?<magic>)(?<name>[A-Za-z#][\w#-]*)|(?<reference>r|i|load)(?=\s|""))(?<argument>.*)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Directive();
}
