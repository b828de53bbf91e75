using System.CommandLine;
using Mezcla.Cli.Shared;
using Mezcla.Datasets;
using Mezcla.Tensors;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Training;

/// <summary>The training that a command line describes. Its options are checked as far as possible before any work begins.</summary>
/// <param name="Data">The text as it was named: a file or a corpus.</param>
/// <param name="Corpus">The text itself.</param>
/// <param name="Resumed">The checkpoint that the training continues from; null for a new training.</param>
/// <param name="Config">The configuration of the training.</param>
/// <param name="Source">Where data, tokenizer and weights come from.</param>
/// <param name="ValidationShare">Fraction of the text that is held out.</param>
/// <param name="Device">The device to compute on.</param>
internal sealed record TrainingPlan(string Data, Corpus Corpus, ModelCheckpoint? Resumed, TrainingConfig Config, TrainingSource Source,
    double ValidationShare, Device Device)
{
    /// <summary>Reads the options of <c>mezcla train</c>. The values in a resumed checkpoint take precedence over them.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="localRank">Where several processes train together: the number of this one on its machine, which is that of
    /// its GPU.</param>
    /// <exception cref="ArgumentException">An option is missing or has an impossible value; the message names it.</exception>
    /// <exception cref="IOException">A file is missing, or the place for an output does not exist.</exception>
    /// <exception cref="InvalidDataException">A file does not have the expected content.</exception>
    public static TrainingPlan Of(ParseResult parse, int? localRank = null)
    {
        var resumed = parse.GetValue(TrainOptions.Resume) is { } file ? Unfinished(file) : null;
        var state = resumed?.Training;
        var named = parse.GetValue(TrainOptions.Data) ?? state?.Source?.Data
            ?? throw new ArgumentException(
                "There is nothing to train on: name a text file or a corpus with --data, for example --data moby-dick.");
        var corpus = TrainingInputs.OpenCorpus(named);
        OutputPath.RequireFile(parse.GetValue(TrainOptions.Output), "--output");
        OutputPath.RequireFile(parse.GetValue(TrainOptions.Record), "--record");

        var device = Devices.Chosen(parse.GetValue(TrainOptions.Device), localRank);
        // Older checkpoints do not hold these values, so those of the command line apply.
        var share = state?.ValidationShare ?? RequestedShare(parse);
        var config = state?.Config ?? TrainOptions.Training(parse);
        var source = state?.Source ?? new(
            named, corpus.Sha256, parse.GetValue(TrainOptions.Tokenizer)!, parse.GetValue(TrainOptions.Vocabulary), share, config.Seed,
            parse.GetValue(TrainOptions.Quantize), parse.GetValue(TrainOptions.ActivationBits));
        Devices.RequirePrecision(device, config.Precision);
        QuantizedTraining.Require(source, device);
        return new(named, corpus, resumed, config, source, share, device);
    }

    private static ModelCheckpoint Unfinished(FileInfo file)
    {
        if (Directory.Exists(file.FullName))
            throw new IOException($"{file.FullName} is a folder: name a checkpoint file with --resume.");
        if (!file.Exists)
            throw new FileNotFoundException(
                $"There is no checkpoint {file.FullName} to resume. 'mezcla train' saves one to the file that --output names.");
        var checkpoint = ModelCheckpoint.Load(file.FullName);
        return checkpoint is { Training: not null, Tokenizer: not null }
            ? checkpoint
            : throw new InvalidDataException($"{file.FullName} holds a finished model, not a training that can be continued.");
    }

    private static double RequestedShare(ParseResult parse)
    {
        var share = parse.GetValue(TrainOptions.Validation);
        return share is >= 0 and < 1 ? share
            : throw new ArgumentException(
                FormattableString.Invariant(
                    $"A held-out share of {share} is not possible: --validation must be at least 0 and below 1, such as 0.1."));
    }
}
