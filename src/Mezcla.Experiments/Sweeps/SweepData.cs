using System.Text;
using Mezcla.Datasets;
using Mezcla.Training;

namespace Mezcla.Experiments.Sweeps;

/// <summary>The text of a sweep as bytes. Texts are mixed, so that the held-out part resembles the training part.</summary>
public sealed class SweepData
{
    // Long enough that a window rarely contains parts of two blocks, and short enough that training and held-out parts contain every text.
    private const int BlockLength = 16 * 1024;

    private SweepData(string description, int[] ids) => (Description, Batches) = (description, new TokenBatches(ids));

    /// <summary>Names of the texts.</summary>
    public string Description { get; }

    /// <summary>The tokens; the last tenth is held out.</summary>
    public TokenBatches Batches { get; }

    /// <summary>The English corpora that come with Mezcla.</summary>
    public static IReadOnlyList<string> DefaultCorpora { get; } = ["moby-dick", "pride-and-prejudice", "persuasion", "bible-english"];

    /// <summary>Reads corpora by name or text files by path, cuts them into blocks and shuffles these, always in the same way.</summary>
    /// <exception cref="ArgumentException">The list of sources is empty.</exception>
    public static SweepData Read(IReadOnlyList<string> sources)
    {
        if (sources.Count == 0)
            throw new ArgumentException("A sweep needs a text: name a corpus or a file.", nameof(sources));
        return Of(string.Join(" + ", sources.Select(source => Path.GetFileName(source))), sources.Select(source =>
            (File.Exists(source) ? Corpus.Read(source) : Corpus.Load(source)).Text));
    }

    internal static SweepData Of(string description, IEnumerable<string> texts)
    {
        byte[][] blocks = [.. texts.SelectMany(text => Encoding.UTF8.GetBytes(text).Chunk(BlockLength))];
        new Random(20_231_211).Shuffle(blocks);
        return new(description, [.. blocks.SelectMany(block => block).Select(b => (int)b)]);
    }
}
