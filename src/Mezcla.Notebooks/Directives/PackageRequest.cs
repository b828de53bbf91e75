namespace Mezcla.Notebooks;

/// <summary>What follows <c>nuget:</c> in a directive.</summary>
/// <param name="Id">The package's name, or the source in <c>#i</c>.</param>
/// <param name="Version">A version or range as NuGet writes them; <c>*</c> where none was given.</param>
internal sealed record PackageRequest(string Id, string Version)
{
    private const string Prefix = "nuget:";

    /// <summary>Whether only one version will do, so that a restored result stays right for ever.</summary>
    public bool IsExact => !Version.Contains('*', StringComparison.Ordinal) && Version.IndexOfAny(['[', '(', ',']) < 0;

    public static bool IsPackage(string argument) => argument.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="DirectiveException">It can't be read.</exception>
    public static PackageRequest Parse(string argument)
    {
        var parts = argument[Prefix.Length..].Split(',', 2, StringSplitOptions.TrimEntries);
        if (parts[0].Length == 0 || parts[0].Any(character => !(char.IsLetterOrDigit(character) || character is '.' or '-' or '_')))
            throw new DirectiveException($"\"{argument}\" names no package. Write #r \"nuget: Package\" or #r \"nuget: Package, 1.2.3\".");

        var version = parts.Length > 1 && parts[1].Length > 0 ? parts[1] : "*";
        if (version.Any(
            character =>
                !(char.IsLetterOrDigit(character) || character is '.' or '-' or '+' or '*' or '[' or ']' or '(' or ')' or ',' or ' ')))
            throw new DirectiveException($"\"{version}\" is not a package version. Write for instance #r \"nuget: {parts[0]}, 1.2.3\".");

        return new PackageRequest(parts[0], version);
    }

    /// <summary>The source in <c>#i "nuget: source"</c>.</summary>
    public static string Source(string argument) => argument[Prefix.Length..].Trim();
}
