using System.CommandLine;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Datasets;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Training;

/// <summary>Builds a model with random weights, and the tokenizer that goes with it.</summary>
internal static class NewModel
{
    /// <summary>The model that the options describe. Everything that can be refused is refused before a tokenizer is trained.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="corpus">The text that a tokenizer is trained on.</param>
    /// <exception cref="ArgumentException">The sizes contradict each other, or the model
    /// does not fit into the memory of this machine.</exception>
    public static ModelCheckpoint Create(ParseResult parse, Corpus corpus)
    {
        var vocabulary = parse.GetValue(TrainOptions.Vocabulary);
        var config = TrainOptions.Model(parse, vocabulary);
        config.Validate();
        RefuseTooLarge(config);
        TrainOptions.Training(parse).Validate();
        var name = parse.GetValue(TrainOptions.Tokenizer)!;
        if (name == TrainingInputs.BytePairs)
            Console.WriteLine($"Training a tokenizer of {vocabulary} tokens on {corpus.Name} ...");
        var tokenizer = TrainingInputs.MakeTokenizer(name, corpus, vocabulary);
        config = config with { VocabularySize = tokenizer.VocabularySize };
        RefuseTooLarge(config);
        return new() { Model = new Transformer(config, new RandomStream(parse.GetValue(TrainOptions.Seed))), Tokenizer = tokenizer };
    }

    // Weights, gradients and the optimizer's two moments in float32 are 16 bytes per parameter; activations come on top.
    private static void RefuseTooLarge(TransformerConfig config)
    {
        var parameters = ParameterCount.Of(config).Total;
        var (needed, available) = (16.0 * parameters, (double)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (needed > available)
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture,
                    $"A model of {parameters:N0} parameters needs {needed / 1e9:F1} GB to train, and this machine " +
                        $"has {available / 1e9:F1} GB: choose fewer or smaller layers."));
    }
}
