namespace Mezcla.Learn.Server;

/// <summary>The names of a class's students, which are names of folders too.</summary>
internal static class StudentName
{
    private static readonly HashSet<string> Devices = new(
        [
            "con", "prn", "aux", "nul", .. Enumerable.Range(0, 10).SelectMany(n => (string[])[$"com{n}", $"lpt{n}"]),
        ], StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// A name that is safe as a folder's on every system, or null if what was given is none. Capitals make no other student: some file
    /// systems do not tell them apart.
    /// </summary>
    /// <param name="given">What was typed.</param>
    public static string? Of(string given)
    {
        var name = string.Join(' ', given.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
        return name.Length is >= 1 and <= 60 && name.All(c => char.IsLetterOrDigit(c) || c is ' ' or '.' or '-' or '_')
            && char.IsLetterOrDigit(name[0]) && name[^1] != '.' && !Devices.Contains(name.Split('.')[0]) ? name : null;
    }
}
