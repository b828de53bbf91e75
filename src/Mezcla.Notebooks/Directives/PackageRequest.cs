namespace Mezcla.Notebooks;

/// <summary>A request for a package, as written after <c>nuget:</c> in a directive.</summary>
/// <param name="Id">The package's name, or the source in <c>#i</c>.</param>
/// <param name="Version">A version or version range in NuGet's notation, or <c>*</c> if none was given.</param>
internal sealed record PackageRequest(string Id, string Version)
{
    private const string Prefix = "nuget:";

    /// <summary>Whether the request names a single version, so that a restored result never becomes outdated.</summary>
    public bool IsExact => !Version.Contains('*', StringComparison.Ordinal) && Version.IndexOfAny(['[', '(', ',']) < 0;

    public static bool IsPackage(string argument) => argument.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="DirectiveException">The argument is not a valid package name and version.</exception>
    public static PackageRequest Parse(string argument)
    {
        var parts = argument[Prefix.Length..].Split(',', 2, StringSplitOptions.TrimEntries);
        if (parts[0].Length == 0 || parts[0].Any(character => !(char.IsLetterOrDigit(character) || character is '.' or '-' or '_')))
            throw new DirectiveException(
                $"\"{argument}\" does not name a package. Write #r \"nuget: Package\" or #r \"nuget: Package, 1.2.3\".");

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
