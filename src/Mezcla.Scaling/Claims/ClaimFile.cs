namespace Mezcla.Scaling.Claims;

/// <summary>A name for a number that later expressions of the file may use.</summary>
/// <param name="Name">The name.</param>
/// <param name="Expression">Its value.</param>
/// <param name="Line">Line of the file where it stands, from 1; 0 if unknown.</param>
public sealed record Definition(string Name, string Expression, int Line = 0);

/// <summary>A claim file that cannot be read; the message says where and why.</summary>
public sealed class ClaimFileException(string message) : FormatException(message);

/// <summary>
/// Claims to check and statements to compare with each other, read from JSON or from a simple text form (see <see cref="Parse"/>).
/// </summary>
public sealed record ClaimFile
{
    private const int LongestFile = 4 << 20;

    /// <summary>What the file is about.</summary>
    public string Title { get; init; } = "";

    /// <summary>Names for numbers.</summary>
    public IReadOnlyList<Definition> Definitions { get; init; } = [];

    /// <summary>Claims, each with its own arithmetic.</summary>
    public IReadOnlyList<PublishedClaim> Claims { get; init; } = [];

    /// <summary>Numbers stated for quantities, to be compared with each other.</summary>
    public IReadOnlyList<Statement> Statements { get; init; } = [];

    /// <summary>Relations in addition to the built-in ones.</summary>
    public IReadOnlyList<Relation> Relations { get; init; } = [];

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="ClaimFileException">It is not a claim file; the message says where and why.</exception>
    /// <exception cref="IOException">It does not exist or cannot be read.</exception>
    public static ClaimFile Read(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"{Path.GetFullPath(path)} is a folder: name a claim file.");
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no claim file {Path.GetFullPath(path)}.", path);
        if (new FileInfo(path).Length > LongestFile)
            throw new ClaimFileException("A claim file may have at most 4 MiB; this one has more.");
        return Parse(File.ReadAllText(path), Path.GetFileNameWithoutExtension(path));
    }

    /// <summary>
    /// Reads JSON (an object with title, definitions, claims, statements and relations) or text. In the text form, a line without
    /// indentation begins an entry, and indented lines below it add details:
    /// <code>
    /// # what follows a hash is a comment
    /// title: What I heard
    /// define: gopher = 5.76e23
    /// claim: 16 * 111e9 + 55e9 = 1.8e12 within 2%
    ///   said: GPT-4 has 1.8 trillion parameters
    ///   quote: its 1.8 trillion parameters
    ///   who: an article
    ///   place: its second paragraph
    ///   because: the article gives two digits
    ///   status: rumour
    /// statement: experts = 16
    ///   who: an article
    /// relation: total = experts * expert + shared
    /// </code>
    /// </summary>
    /// <exception cref="ClaimFileException">The text cannot be read in either form; the message says where and why.</exception>
    public static ClaimFile Parse(string text, string title = "claims")
    {
        ClaimFile file = text.AsSpan().TrimStart().StartsWith("{") ? ClaimJson.Parse(text) : ClaimText.Parse(text);
        return file.Title.Length > 0 ? file : file with { Title = title };
    }

    /// <summary>The claim files that come with Mezcla, by name.</summary>
    public static IReadOnlyList<ClaimFile> Shipped { get; } = [.. ReadShipped()];

    private static IEnumerable<ClaimFile> ReadShipped()
    {
        System.Reflection.Assembly assembly = typeof(ClaimFile).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("claims/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return Parse(reader.ReadToEnd(), name);
        }
    }
}
