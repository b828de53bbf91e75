using Mezcla.Datasets;
using Mezcla.Tokenization;

namespace Mezcla.Cli.Commands;

/// <summary>The text and the tokenizer of a training, from the names that a user gives them.</summary>
internal static class TrainingInputs
{
    public const string BytePairs = "bpe", Characters = "characters";

    /// <summary>A corpus that comes with Mezcla, or a file, or several of either, mixed: <c>bible-english+my.txt</c>.</summary>
    public static Corpus OpenCorpus(string source) => File.Exists(source) || !source.Contains('+') ? OpenOne(source) : Corpus.Mix([.. source.Split('+').Select(OpenOne)]);

    private static Corpus OpenOne(string source) => !File.Exists(source) && Corpus.Names.Contains(source) ? Corpus.Load(source) : Corpus.Read(source);

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
        if (File.Exists(name) || Directory.Exists(name)) return Tokenizer.Load(name);
        throw new ArgumentException($"There is no tokenizer and no file '{name}'. There are: {BytePairs}, {Characters}, {string.Join(", ", Encodings.Names)}.");
    }

    /// <summary>The token ids of a text; what spells a special token is read as text.</summary>
    public static int[] Encode(Tokenizer tokenizer, Corpus corpus) => tokenizer.Encode(corpus.Text, SpecialTokenPolicy.None);
}
