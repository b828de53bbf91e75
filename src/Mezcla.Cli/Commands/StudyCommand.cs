using System.CommandLine;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Datasets;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Studies;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla study</c>: measures and records what fewer bits and fewer weights cost a model.</summary>
internal static class StudyCommand
{
    private static readonly string[] Names = ["formats", "activations", "cache", "overtraining", "training", "experts", "pruning"];

    public static Command Create()
    {
        var study = new Argument<string>("STUDY") { Description = $"What to measure: {string.Join(", ", Names)}." };
        study.AcceptOnlyFromAmong(Names);
        var models = new Argument<FileInfo[]>("MODEL")
        {
            Description = "Checkpoints written by 'mezcla train'.",
            Arity = ArgumentArity.OneOrMore
        };
        var data =
            new Option<string>(
                "--data")
            {
                Description = "The text that the models were trained on: a file, or a corpus that comes with Mezcla. Losses are " +
                        "measured on its end, which training held out.",
                Required = true
            };
        var output = new Option<FileInfo>("--output",
            "-o")
        { Description = "The file to append results to, as JSON lines.", Required = true };
        var tokens = new Option<int>("--tokens")
        {
            Description = "The most held-out tokens to measure a loss on, at least 2.",
            DefaultValueFactory = _ => 16384
        };
        var sequences = NumberOption.Create("--sequences", "Number of training sequences that calibrated methods use.", 128, least: 1);
        var retrain = NumberOption.Create("--retrain",
            "Number of training steps after pruning, or with rounded weights in the study called training; 0 for none.", 0, least: 0);
        var command = new Command("study", "Measure what fewer bits or fewer weights cost a model, and record it as JSON lines.")
        {
            study,
            models,
            data,
            output,
            tokens,
            sequences,
            retrain
        };
        command.SetAction(parse => Failures.Report(() =>
        {
            OutputPath.RequireFile(parse.GetValue(output), "--output");
            foreach (var model in parse.GetValue(models)!)
                Run(Console.Out, parse.GetValue(study)!, model.FullName, parse.GetValue(data)!, parse.GetValue(output)!.FullName,
                    parse.GetValue(tokens), parse.GetValue(sequences), parse.GetValue(retrain));
            return 0;
        }));
        return command;
    }

    internal static void Run(TextWriter console, string name, string model, string data, string output, int tokens, int sequences,
        int retrain)
    {
        if (tokens < 2)
            throw new ArgumentException($"--tokens is {tokens}; a loss needs at least 2.");
        var checkpoint = ModelCheckpoint.Load(model);
        var tokenizer = checkpoint.Tokenizer ?? throw new InvalidDataException($"{model} has no tokenizer, so it cannot be given a text.");
        var corpus = TrainingInputs.OpenCorpus(data);
        var batches = new TokenBatches(tokenizer.Encode(corpus.Text));
        var heldOut = batches.Validation[..Math.Min(tokens, batches.Validation.Length)].ToArray();
        var study = new QuantizationStudy(
            Path.GetFileName(model), checkpoint.Model, CalibrationText.From(batches.Training, checkpoint.Model.ContextLength, sequences),
            heldOut, checkpoint.Training?.Tokens);
        var config = new TrainingConfig
        {
            Steps = Math.Max(1, retrain),
            BatchSize = 16,
            LearningRate = 1e-3f,
            EvaluationInterval = 0,
            EvaluationBatches = 1
        };
        var records = name switch
        {
            "formats" => study.Formats(),
            "activations" => study.Activations(),
            "cache" => study.Cache(),
            "overtraining" => study.Overtraining(),
            "training" when retrain > 0 => study.Training(copy => new Trainer(copy, batches, config), retrain),
            "training" =>
                throw new ArgumentException(
                    "The study called training needs training steps: give their number with --retrain, for example --retrain 300."),
            "experts" => study.Experts(),
            _ => study.Pruning(retrain > 0 ? pruned => new Trainer(pruned, batches, config) : null, retrain),
        };
        console.WriteLine(
            FormattableString.Invariant(
                $"{Path.GetFileName(model)}: {study.LossBefore:F4} nats per token on {heldOut.Length:N0} held-out tokens."));
        foreach (var record in records)
        {
            File.AppendAllText(output, record.ToJson() + "\n");
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{record.Method,-16} {record.Format,-22} {record.Bits,6:F3} {record.Part} {record.Sparsity:P1} loss {record.Loss:F4} " +
                    $"({record.Loss - record.LossBefore:+0.0000;-0.0000})" +
                    $"{(record.ExpertsChanged is { } c ? FormattableString.Invariant($" experts changed {c:P2}") : "")}"));
        }
    }
}
