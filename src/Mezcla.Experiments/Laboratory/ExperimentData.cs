using Mezcla.Datasets;
using Mezcla.Experiments.Observation;
using Mezcla.Scaling.Sweeps;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Experiments.Laboratory;

/// <summary>The data that the models of an experiment are trained on.</summary>
/// <param name="Description">The texts, in words.</param>
/// <param name="Batches">The token ids.</param>
/// <param name="Tokenizer">The tokenizer that produced them.</param>
/// <param name="Mixture">The domains; null if there is only one.</param>
public sealed record ExperimentData(string Description, TokenBatches Batches, Tokenizer Tokenizer, DomainMixture? Mixture = null)
{
    /// <summary>English prose as bytes: four books in mixed blocks.</summary>
    public static ExperimentData English()
    {
        var data = SweepData.Read(SweepData.DefaultCorpora);
        return new(data.Description + ", bytes", data.Batches, BytePairTokenizer.Train("", 256));
    }

    /// <summary>English and Spanish (the same verses), C# and arithmetic in equal parts, with a tokenizer trained on all four.</summary>
    public static ExperimentData FourDomains()
    {
        const int length = 400_000, vocabulary = 512;
        string[] names = ["bible-english", "bible-spanish", "csharp", "arithmetic"];
        string[] texts = [.. names.Select(name => Corpus.Load(name).Text).Select(text => text[..Math.Min(text.Length, length)])];
        var tokenizer = BytePairTokenizer.Train(string.Concat(texts), vocabulary);
        var mixture =
            new DomainMixture(names.Zip(texts,
                (name, text) => KeyValuePair.Create(name.Replace("bible-", ""), tokenizer.Encode(text, SpecialTokenPolicy.None))));
        return new(string.Join(" + ", names) + $", {vocabulary} byte pairs", mixture.Batches, tokenizer, mixture);
    }
}
