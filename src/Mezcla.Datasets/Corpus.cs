using System.Security.Cryptography;
using System.Text;

namespace Mezcla.Datasets;

/// <summary>
/// A text to train on. Its lines end in <c>\n</c> whatever the file used, so the same text has the same hash on every machine.
/// </summary>
/// <param name="Name">One of <see cref="Names"/>, or the name of the file.</param>
/// <param name="Text">The whole text.</param>
public sealed record Corpus(string Name, string Text)
{
    private readonly Lazy<string> _sha256 = new(() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text))));

    /// <summary>
    /// SHA-256 of the text's UTF-8 bytes in lower-case hexadecimal; a run record stores it to identify the data of the run.
    /// </summary>
    public string Sha256 => _sha256.Value;

    /// <summary>
    /// The names of the corpora that <see cref="Load"/> can load: the files of <c>datasets/corpora/</c>,
    /// and <c>arithmetic</c>, which is generated.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">There is no datasets folder.</exception>
    public static IReadOnlyList<string> Names =>
        [.. Directory.EnumerateFiles(DatasetFolder.PathOf("corpora"), "*.txt").Select(f => Path.GetFileNameWithoutExtension(f))
            .Append("arithmetic").Order(StringComparer.Ordinal)];

    /// <summary>
    /// Loads one of the repository's corpora by its name, such as <c>moby-dick</c>; <c>datasets/README.md</c> says where each comes from.
    /// </summary>
    /// <param name="name">A name of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is no corpus of that name; the message lists the existing ones.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no datasets folder.</exception>
    public static Corpus Load(string name)
    {
        if (name == "arithmetic")
            return new(name, ArithmeticText.Lines(lines: 40_000, seed: 1));
        if (!Names.Contains(name))
            throw new ArgumentException(
                $"There is no corpus '{name}'. There are: {string.Join(", ", Names)}. For a file of your own use Corpus.Read(path).",
                nameof(name));
        return Read(DatasetFolder.PathOf("corpora", name + ".txt")) with { Name = name };
    }

    /// <summary>
    /// Mixes several texts into one: pieces of whole lines alternate in proportion to the lengths of the texts, so that every part of the
    /// mixture contains some of each text.
    /// </summary>
    /// <param name="corpora">The texts. The name of the mixture is their names, joined by <c>+</c>.</param>
    /// <param name="piece">How many characters of one text stay together; a piece ends at the next end of a line.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="piece"/> is not positive.</exception>
    public static Corpus Mix(IReadOnlyList<Corpus> corpora, int piece = 4096)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(piece, 1);
        var text = new StringBuilder();
        string[] texts = [.. corpora.Select(c => c.Text.EndsWith('\n') ? c.Text : c.Text + '\n')];
        foreach (var (corpus, start, count) in Interleaving.Pieces([.. texts.Select(t => t.Length)], piece,
            (corpus, end) => texts[corpus].IndexOf('\n', end - 1) + 1))
            text.Append(texts[corpus], start, count);
        return new(string.Join('+', corpora.Select(c => c.Name)), text.ToString());
    }

    /// <summary>Reads a text file of your own; <see cref="TextFile.Read"/> says which files it rejects and why.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is empty, not UTF-8 text or too large.</exception>
    public static Corpus Read(string path) => new(Path.GetFileName(path), TextFile.Read(path));

    /// <summary>Returns the text of a file, as <see cref="Read"/> does, without a name.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is empty, not UTF-8 text or too large.</exception>
    public static string ReadText(string path) => TextFile.Read(path);

    /// <summary>The verses of <c>bible-english</c> and <c>bible-spanish</c> side by side, in the order of the files.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no datasets folder.</exception>
    /// <exception cref="InvalidDataException">The files do not have the same number of lines.</exception>
    public static IReadOnlyList<AlignedVerse> AlignedVerses()
    {
        var (references, english, spanish) = (Lines("bible-references"), Lines("bible-english"), Lines("bible-spanish"));
        if (references.Length != english.Length || english.Length != spanish.Length)
            throw new InvalidDataException(
                $"bible-references, bible-english and bible-spanish have {references.Length}, {english.Length} and {spanish.Length} " +
                    "lines, but line n of each must be the same verse. Restore them with git, or run datasets/scripts/make.sh.");
        return [.. references.Select((reference, i) => new AlignedVerse(reference, english[i], spanish[i]))];

        static string[] Lines(string name) => TextFile.Read(DatasetFolder.PathOf("corpora", name + ".txt")).TrimEnd('\n').Split('\n');
    }
}

/// <summary>One verse in two languages.</summary>
/// <param name="Reference">Book, chapter and verse, such as <c>Genesis 1:1</c>.</param>
/// <param name="English">The World English Bible's text.</param>
/// <param name="Spanish">The Reina-Valera's text, of 1909.</param>
public sealed record AlignedVerse(string Reference, string English, string Spanish);
