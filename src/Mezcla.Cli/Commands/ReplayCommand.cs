using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Datasets;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla replay</c>: runs a recorded training again, and says where it first differs.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var record = new Argument<string>("RECORD") { Description = "The record of a run, as mezcla train --record wrote it, or the records of an experiment." };
        var data = new Option<string?>("--data") { Description = "The text, where it is not at the place that the record names." };
        var steps = new Option<int>("--steps") { Description = "Replay only the first steps; 0 for all that the record has.", DefaultValueFactory = _ => 0 };
        var arm = new Option<string?>("--arm") { Description = "Of the records of an experiment, the arms whose names contain this; by default the one that the others are compared with." };
        var seed = new Option<ulong>("--seed") { Description = "Of the records of an experiment, the seed.", DefaultValueFactory = _ => 1 };
        var command = new Command("replay", "Run a recorded training again, from the same seed on the same text, and say where it first differs. Exit code 0: no bit differs; 2: it differs.") { record, data, steps, arm, seed };
        command.SetAction((parse, cancellation) => Task.FromResult(Failures.Report(() =>
        {
            var path = Existing(parse.GetValue(record)!);
            return ExperimentOf(path) is { } experiment
                ? ExperimentCommand.Replay(Console.Out, experiment, path, parse.GetValue(arm), parse.GetValue(seed), cancellation)
                : Run(Console.Out, path, parse.GetValue(data), parse.GetValue(steps));
        })));
        return command;
    }

    /// <summary>The experiment of which a file holds records; null where it is the record of one training.</summary>
    internal static string? ExperimentOf(string path)
    {
        using var lines = File.OpenText(path);
        try
        {
            return lines.ReadLine() is { } first && JsonNode.Parse(first) is JsonObject record ? (string?)record["experiment"] : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // what is wrong with it, the reader of training records says
        }
    }

    private static string Existing(string path) => File.Exists(path) ? path
        : throw new FileNotFoundException($"There is no file {Path.GetFullPath(path)}. A run is recorded with: mezcla train --record FILE.");

    internal static int Run(TextWriter output, string path, string? dataPath, int steps)
    {
        Existing(path);
        if (steps < 0) throw new ArgumentException($"{steps} steps cannot be replayed: choose 0 (all) or more.");
        var record = RunRecord.Read(path);
        if (record.Steps.Count == 0) throw new InvalidDataException($"{path} has no step to compare with.");
        if (record.Training.Precision != ProductPrecision.Float32)
            throw new NotSupportedException($"{path} was recorded on {record.Device} with products in {record.Training.Precision}, and runs are replayed on {Device.Cpu.Name}, which multiplies in float32 only: train again with the same options and --record, and compare the records.");
        var last = steps == 0 ? record.Steps[^1].Step : Math.Min(steps, record.Steps[^1].Step);
        if (record.Version != RunRecord.ThisVersion) output.WriteLine($"Recorded with version {record.Version} of Mezcla; this is {RunRecord.ThisVersion}.");
        if (record.Device != Device.Cpu.Name) output.WriteLine($"Recorded on {record.Device}, replayed on {Device.Cpu.Name}: expect the last digits to differ.");

        var (data, vocabulary) = Data(record, path, dataPath);
        var config = record.Model;
        if (vocabulary > config.VocabularySize) throw new InvalidDataException($"The tokenizer has {vocabulary} tokens and the recorded model {config.VocabularySize}: it is another tokenizer.");
        var model = new Transformer(config, new RandomStream(record.Source.ModelSeed));
        using var rounding = record.Source.Quantize is { } format ? StraightThrough.Of(model, format, record.Source.ActivationBits) : null;
        var trainer = new Trainer(model, data, record.Training);
        output.WriteLine(FormattableString.Invariant($"Replaying {last:N0} of {record.Training.Steps:N0} steps of {record.Source.Data} ..."));

        RunDifference? difference = null;
        using var stop = new CancellationTokenSource();
        TrainingProgress.Show(last, report => trainer.Run(step =>
        {
            report(step);
            difference ??= record.FirstDifference([step]);
            if (difference is not null || step.Step >= last) stop.Cancel();
        }, stop.Token));
        if (difference is null)
        {
            output.WriteLine(FormattableString.Invariant($"All {record.Steps.Count(s => s.Step <= last):N0} recorded steps are the same to the bit."));
            return 0;
        }

        static string Value(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "not measured";
        output.WriteLine(FormattableString.Invariant($"First difference at step {difference.Step}, {difference.Metric}: recorded {Value(difference.Recorded)}, now {Value(difference.Obtained)}."));
        return 2;
    }

    private static (TokenBatches Data, int Vocabulary) Data(RunRecord record, string path, string? given)
    {
        var source = record.Source;
        if (source.TextSha256 is null) throw new InvalidDataException($"{path} is a run of a sweep, whose data ({source.Data}) was mixed: run the sweep again to repeat it.");
        // As it was named, seen from here or from where the record lies.
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, source.Data);
        var corpus = TrainingInputs.OpenCorpus(given ?? (!File.Exists(source.Data) && File.Exists(beside) ? beside : source.Data));
        if (corpus.Sha256 != source.TextSha256)
            throw new InvalidDataException($"{given ?? source.Data} is not the text of the recorded run: its SHA-256 is {corpus.Sha256}, the recorded one {source.TextSha256}. Name the right file with --data.");
        var tokenizer = TrainingInputs.MakeTokenizer(source.Tokenizer, corpus, source.Vocabulary);
        var data = new TokenBatches(TrainingInputs.Encode(tokenizer, corpus), source.ValidationShare);
        return data.Sha256 == record.DataSha256
            ? (data, tokenizer.VocabularySize)
            : throw new InvalidDataException($"The tokenizer {source.Tokenizer} gives other token ids for the text than in the recorded run: the run cannot be repeated with this version.");
    }
}
