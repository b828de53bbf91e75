using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>Writes the compiler's errors for the person who wrote the cell.</summary>
internal static partial class CompileReport
{
    private const int MostErrors = 8;

    public static CellError Make(
        CSharpCompilation compilation, ImmutableArray<Diagnostic> errors, string cell, Func<string, string?> sourceOf)
    {
        var hints = new HashSet<string>(StringComparer.Ordinal);
        var lines = new List<string>();
        SourcePlace? first = null;
        if (errors.Any(error => error.Location.IsInSource))
            errors = [.. errors.Where(error => error.Location.IsInSource)];

        foreach (var error in errors.OrderBy(error => error.Location.SourceSpan.Start).Take(MostErrors))
        {
            var place = PlaceOf(error);
            first ??= place;
            var where = place is { } known ? $"{known.Document}, line {known.Line}, column {known.Column}: " : "";
            lines.Add($"{Ansi.Cyan(where)}{Ansi.Red("error " + error.Id)}: {MessageOf(error)}");
            if (place is { } shown && sourceOf(shown.Document) is { } source)
                lines.AddRange(Excerpt.Of(source, shown));

            if (Hints.For(error, compilation) is { } hint && hints.Add(hint))
                lines.Add(Ansi.Bold("hint: ") + hint);
        }

        if (errors.Length > MostErrors)
            lines.Add(Ansi.Dim($"… and {errors.Length - MostErrors} more errors"));

        var inCell = first?.Document == cell ? first : null;
        return new CellError(CellErrorKind.Compilation, "CompileError", Ansi.Strip(lines[0]), lines, inCell?.Line, inCell?.Column);
    }

    /// <summary>The message without the names the engine gives to assemblies.</summary>
    public static string MessageOf(Diagnostic diagnostic) =>
        LibraryIdentity().Replace(diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture), "");

    public static SourcePlace? PlaceOf(Diagnostic diagnostic)
    {
        if (!diagnostic.Location.IsInSource)
            return null;

        var span = diagnostic.Location.GetMappedLineSpan();
        var (start, end) = (span.StartLinePosition, span.EndLinePosition);
        return new SourcePlace(
            span.Path, start.Line + 1, start.Character + 1, end.Line == start.Line ? end.Character + 1 : start.Character + 2);
    }

    [GeneratedRegex(@" \[(Types-|Cell)[^\]]*\]", RegexOptions.CultureInvariant)]
    private static partial Regex LibraryIdentity();
}
