using Mezcla.Datasets;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Cli.Commands;

/// <summary>The text and the tokenizer of a training, from the names that a user gives them.</summary>
internal static class TrainingInputs
{
    public const string BytePairs = "bpe", Characters = "characters";

    /// <summary>A corpus that comes with Mezcla, or a file, or several of either, mixed: <c>bible-english+my.txt</c>.</summary>
    /// <param name="source">The corpus's name, or the file's; a file is meant where there is one.</param>
    /// <exception cref="IOException">There is neither; or the file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is empty, not UTF-8 text or too large.</exception>
    public static Corpus OpenCorpus(string source) => File.Exists(source) || !source.Contains('+') ? OpenOne(source) : Corpus.Mix([.. source.Split('+').Select(OpenOne)]);

    private static Corpus OpenOne(string source)
    {
        if (File.Exists(source))
            return Corpus.Read(source);
        IReadOnlyList<string> names;
        try
        {
            names = Corpus.Names;
        }
        catch (DirectoryNotFoundException) when (source == "arithmetic")
        {
            names = [source]; // It is made in code and needs no folder.
        }
        catch (DirectoryNotFoundException e)
        {
            throw new FileNotFoundException($"There is no file '{source}' (looked for '{Path.GetFullPath(source)}'). If it is the name of a corpus: {e.Message}", source, e);
        }
        if (names.Contains(source))
            return Corpus.Load(source);
        return Directory.Exists(source)
            ? Corpus.Read(source) // which says that it is a folder
            : throw new FileNotFoundException($"There is no file '{source}' (looked for '{Path.GetFullPath(source)}'), and no corpus of that name. There are: {string.Join(", ", names)}.", source);
    }

    /// <summary>Trains a tokenizer on the text, or opens the one named.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static Tokenizer MakeTokenizer(string name, Corpus corpus, int vocabulary)
    {
        if (name == BytePairs)
        {
            if (vocabulary is < 256 or > 65_536) throw new ArgumentException($"A vocabulary of {vocabulary} tokens is not possible: choose 256 (the bytes) to 65536.");
            return BytePairTokenizer.Train(corpus.Text, vocabulary);
        }

        if (name == Characters) return CharacterTokenizer.Train(corpus.Text);
        if (Encodings.Names.Contains(name)) return Tokenizer.ForEncoding(name);
        if (File.Exists(name) || Directory.Exists(name)) return TokenizerFile.Load(name);
        throw new ArgumentException($"There is no tokenizer and no file '{name}'. There are: {BytePairs}, {Characters}, {string.Join(", ", Encodings.Names)}.");
    }

    /// <summary>The token ids of a text; what spells a special token is read as text.</summary>
    public static int[] Encode(Tokenizer tokenizer, Corpus corpus) => tokenizer.Encode(corpus.Text, SpecialTokenPolicy.None);
}
