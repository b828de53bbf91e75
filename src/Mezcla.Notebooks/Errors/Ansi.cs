using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>Colours for terminals and front ends, by ANSI escape sequences.</summary>
internal static partial class Ansi
{
    public static string Red(string text) => $"\e[1;31m{text}\e[0m";

    public static string Cyan(string text) => $"\e[36m{text}\e[0m";

    public static string Dim(string text) => $"\e[2m{text}\e[0m";

    public static string Bold(string text) => $"\e[1m{text}\e[0m";

    public static string Strip(string text) => Sequence().Replace(text, "");

    [GeneratedRegex(@"\e\[[0-9;]*m", RegexOptions.CultureInvariant)]
    private static partial Regex Sequence();
}
