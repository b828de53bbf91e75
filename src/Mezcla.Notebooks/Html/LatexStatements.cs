namespace Mezcla.Notebooks.Html;

/// <summary>Separates the statements of a formula, so that a narrow page can give each a line of its own.</summary>
internal static class LatexStatements
{
    private const string Wide = @"\qquad";

    /// <summary>The statements of a formula that are side by side with wide spaces between them, or the formula itself.</summary>
    public static IReadOnlyList<string> Of(string tex)
    {
        if (tex.Contains('&') || tex.Contains(@"\\") || tex.Contains(@"\begin"))
            return [tex];
        var (parts, start, depth) = (new List<string>(), 0, 0);
        for (var i = 0; i < tex.Length; i++)
        {
            depth += tex[i] == '{' ? 1 : tex[i] == '}' ? -1 : 0;
            if (depth != 0 || !tex.AsSpan(i).StartsWith(Wide, StringComparison.Ordinal))
                continue;
            parts.Add(tex[start..i]);
            start = i + Wide.Length;
        }
        parts.Add(tex[start..]);
        return [.. parts.Where(part => part.Trim().Length > 0)];
    }
}
