using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>Splits a cell at its directives.</summary>
internal static partial class CellSplitter
{
    private static readonly Dictionary<string, string> Content = new(StringComparer.Ordinal)
    {
        ["markdown"] = MimeBundle.Markdown,
        ["md"] = MimeBundle.Markdown,
        ["html"] = MimeBundle.Html,
        ["javascript"] = MimeBundle.JavaScript,
        ["js"] = MimeBundle.JavaScript,
    };

    public static IReadOnlyList<CellPart> Split(string cell)
    {
        if (!cell.Contains('#', StringComparison.Ordinal))
            return [new CellPart(PartKind.Code, "", cell, 1)];

        var parts = new List<CellPart>();
        var code = new List<TextSpan>();
        var content = new List<string>();
        string? mime = null;
        var (codeLine, contentLine) = (1, 1);
        var lines = SourceText.From(cell).Lines;
        foreach (var line in lines)
        {
            var text = line.ToString();
            var match = Directive().Match(text);
            var isDirective = match.Success && (mime is null ? !IsInsideToken(cell, code, line.Start) : match.Groups["magic"].Success);
            if (!isDirective)
            {
                if (mime is null)
                    code.Add(line.SpanIncludingLineBreak);
                else
                    content.Add(text);

                continue;
            }

            var number = line.LineNumber + 1;
            var (name, argument) = (match.Groups["name"].Value, match.Groups["argument"].Value.Trim());
            if (match.Groups["reference"].Success)
            {
                parts.Add(new CellPart(PartKind.Reference, match.Groups["reference"].Value, Unquote(argument), number));
                continue;
            }

            if (name is "csharp" or "c#" || Content.ContainsKey(name))
            {
                Flush();
                mime = Content.GetValueOrDefault(name);
                (codeLine, contentLine) = (number + 1, number + 1);
                if (mime is not null && argument.Length > 0)
                    content.Add(argument);
            }
            else
            {
                parts.Add(new CellPart(PartKind.Magic, name, argument, number));
            }
        }

        Flush();
        return parts;

        void Flush()
        {
            if (mime is not null)
            {
                parts.Add(new CellPart(PartKind.Content, mime, string.Join('\n', content).Trim('\n'), contentLine));
            }
            else if (code.Any(span => !string.IsNullOrWhiteSpace(cell.Substring(span.Start, span.Length))))
            {
                parts.Add(new CellPart(PartKind.Code, "", Blanking.Only(cell, code), codeLine));
            }

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

        // With a marker appended, lexing tells whether the marker would be a token of its own or part of something longer.
        const string Marker = "zzMarkerzz";
        var root = CSharpSyntaxTree.ParseText(before + Marker, CellCompiler.ParseOptions).GetRoot();
        var token = root.FindToken(position, findInsideTrivia: true);
        return !(token.IsKind(SyntaxKind.IdentifierToken) && token.Text == Marker);
    }

    [GeneratedRegex(@"^\s*#(?:!(?<magic>)(?<name>[A-Za-z#][\w#-]*)|(?<reference>r|i|load)(?=\s|""))(?<argument>.*)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Directive();
}
