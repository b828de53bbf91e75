using System.CommandLine;
using Mezcla.Datasets;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Studies;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Commands;

/// <summary>The command <c>mezcla study</c>: what fewer bits and fewer weights cost a model, measured and recorded.</summary>
internal static class StudyCommand
{
    private static readonly string[] Names = ["formats", "activations", "cache", "overtraining", "training", "experts", "pruning"];

    public static Command Create()
    {
        var study = new Argument<string>("STUDY") { Description = $"What to measure: {string.Join(", ", Names)}." };
        study.AcceptOnlyFromAmong(Names);
        var models = new Argument<FileInfo[]>("MODEL") { Description = "Checkpoints of mezcla train.", Arity = ArgumentArity.OneOrMore };
        var data = new Option<string>("--data") { Description = "The text they were trained on (a file, or a corpus that comes with Mezcla): its end, which training held out, is what losses are measured on.", Required = true };
        var output = new Option<FileInfo>("--output", "-o") { Description = "A file of JSON lines that results are added to.", Required = true };
        var tokens = new Option<int>("--tokens") { Description = "The most held-out tokens that a loss is measured on.", DefaultValueFactory = _ => 16384 };
        var sequences = NumberOption.Create("--sequences", "Sequences to calibrate on.", 128, least: 1);
        var retrain = NumberOption.Create("--retrain", "Steps of training after pruning (0 for none), or with rounded weights in the study training.", 0, least: 0);
        var command = new Command("study", "Measure what fewer bits or fewer weights cost a model, as JSON lines.") { study, models, data, output, tokens, sequences, retrain };
        command.SetAction(parse => Failures.Report(() =>
        {
            OutputPath.RequireFile(parse.GetValue(output), "--output");
            foreach (var model in parse.GetValue(models)!)
                Run(Console.Out, parse.GetValue(study)!, model.FullName, parse.GetValue(data)!, parse.GetValue(output)!.FullName, parse.GetValue(tokens), parse.GetValue(sequences), parse.GetValue(retrain));
            return 0;
        }));
        return command;
    }

    internal static void Run(TextWriter console, string name, string model, string data, string output, int tokens, int sequences, int retrain)
    {
        if (tokens < 2) throw new ArgumentException("A loss is measured on at least 2 tokens.");
        var checkpoint = ModelCheckpoint.Load(model);
        var tokenizer = checkpoint.Tokenizer ?? throw new InvalidDataException($"{model} holds no tokenizer.");
        var corpus = TrainingInputs.OpenCorpus(data);
        var batches = new TokenBatches(tokenizer.Encode(corpus.Text));
        var held = batches.Validation[..Math.Min(tokens, batches.Validation.Length)].ToArray();
        var study = new QuantizationStudy(
            Path.GetFileName(model), checkpoint.Model, CalibrationText.From(batches.Training, checkpoint.Model.ContextLength, sequences), held, checkpoint.Training?.Tokens);
        var config = new TrainingConfig { Steps = Math.Max(1, retrain), BatchSize = 16, LearningRate = 1e-3f, EvaluationInterval = 0, EvaluationBatches = 1 };
        var records = name switch
        {
            "formats" => study.Formats(),
            "activations" => study.Activations(),
            "cache" => study.Cache(),
            "overtraining" => study.Overtraining(),
            "training" when retrain > 0 => study.Training(copy => new Trainer(copy, batches, config), retrain),
            "training" => throw new ArgumentException("The study training needs steps: --retrain 300, say."),
            "experts" => study.Experts(),
            _ => study.Pruning(retrain > 0 ? pruned => new Trainer(pruned, batches, config) : null, retrain),
        };
        console.WriteLine(FormattableString.Invariant($"{Path.GetFileName(model)}: {study.LossBefore:F4} nats per token on {held.Length:N0} held-out tokens."));
        foreach (var record in records)
        {
            File.AppendAllText(output, record.ToJson() + "\n");
            console.WriteLine(FormattableString.Invariant(
                $"{record.Method,-16} {record.Format,-22} {record.Bits,6:F3} {record.Part} {record.Sparsity:P1} loss {record.Loss:F4} ({record.Loss - record.LossBefore:+0.0000;-0.0000}){(record.ExpertsChanged is { } c ? FormattableString.Invariant($" experts changed {c:P2}") : "")}"));
        }
    }
}
