namespace Mezcla.Notebooks;

/// <summary>A source line with the place in it underlined.</summary>
internal static class Excerpt
{
    public static IEnumerable<string> Of(string source, SourcePlace place)
    {
        var lines = source.Split('\n');
        if (place.Line < 1 || place.Line > lines.Length)
            return [];

        var line = lines[place.Line - 1].TrimEnd('\r').Replace('\t', ' ');
        if (line.Length > 300 || line.Length == 0)
            return [];

        var number = FormattableString.Invariant($"{place.Line,5} | ");
        var start = Math.Clamp(place.Column - 1, 0, line.Length);
        var length = Math.Max(1, Math.Min(place.EndColumn - place.Column, line.Length - start));
        return
        [
            Ansi.Cyan(number) + line,
            Ansi.Cyan("      | ") + new string(' ', start) + Ansi.Red(new string('^', length)),
        ];
    }
}
