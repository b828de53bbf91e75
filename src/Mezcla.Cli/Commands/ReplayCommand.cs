using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Cli.Shared;
using Mezcla.Cli.Training;
using Mezcla.Datasets;
using Mezcla.Experiments.Records;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla replay</c>: runs a recorded training again and reports where it first differs.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var record = new Argument<string>(
            "RECORD")
        { Description = "The record of a training, written by 'mezcla train --record', or the records of an experiment." };
        var data = new Option<string?>(
            "--data")
        { Description = "The text of the training, a file or a corpus. [default: the one that the record names]" };
        var steps = new Option<int>("--steps")
        {
            Description = "Number of steps to repeat, from the first; 0 for all in the record.",
            DefaultValueFactory = _ => 0
        };
        var arm =
            new Option<string?>(
                "--arm")
            {
                Description = "For an experiment: repeat the arms whose names contain this text. [default: the arm that the others " +
                        "are compared with]"
            };
        var seed = new Option<ulong>("--seed")
        {
            Description = "For an experiment: repeat the run with this seed.",
            DefaultValueFactory = _ => 1
        };
        var command = new Command("replay",
            "Run a recorded training again, with the same seed on the same text, and report the first step that differs. Exit code 0: " +
                "every bit is the same; 2: something differs.") { record, data, steps, arm, seed };
        command.SetAction((parse, cancellation) => Task.FromResult(Failures.Report(() =>
        {
            var path = Existing(parse.GetValue(record)!);
            return ExperimentOf(path) is { } experiment
                ? ExperimentCommand.Replay(Console.Out, experiment, path, parse.GetValue(arm), parse.GetValue(seed), cancellation)
                : Run(Console.Out, path, parse.GetValue(data), parse.GetValue(steps));
        })));
        return command;
    }

    /// <summary>The name of the experiment whose records a file holds; null if the file is the record of one training.</summary>
    internal static string? ExperimentOf(string path)
    {
        using var lines = File.OpenText(path);
        try
        {
            return lines.ReadLine() is { } first && JsonNode.Parse(first) is JsonObject record ? (string?)record["experiment"] : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // the reader of training records says what is wrong with it
        }
    }

    private static string Existing(string path) => File.Exists(path) ? path
        : throw new FileNotFoundException(
            $"There is no file {Path.GetFullPath(path)}. A run is recorded with: mezcla train --record FILE.");

    internal static int Run(TextWriter output, string path, string? dataPath, int steps)
    {
        Existing(path);
        if (steps < 0)
            throw new ArgumentException($"--steps is {steps}; it must be 0 (for all) or more.");
        var record = RunRecord.Read(path);
        if (record.Steps.Count == 0)
            throw new InvalidDataException($"{path} contains no steps, so there is nothing to compare with.");
        if (record.Training.Precision != ProductPrecision.Float32)
            throw new NotSupportedException(
                $"{path} was recorded on {record.Device} with matrix products in {record.Training.Precision}. Runs are replayed on " +
                    $"the {Device.Cpu.Name}, which multiplies in float32 only. Train again with the same options and --record, and " +
                    "compare the two records.");
        var last = steps == 0 ? record.Steps[^1].Step : Math.Min(steps, record.Steps[^1].Step);
        if (record.Version != RunRecord.ThisVersion)
            output.WriteLine($"Recorded with version {record.Version} of Mezcla; this is version {RunRecord.ThisVersion}.");
        if (record.Device != Device.Cpu.Name)
            output.WriteLine($"Recorded on {record.Device}, replayed on {Device.Cpu.Name}: expect the last digits to differ.");

        if (record.Processes is > 1)
            output.WriteLine($"Recorded by {record.Processes} processes, replayed by one: expect the last digits to differ.");

        var (data, vocabulary) = Data(record, path, dataPath);
        var config = record.Model;
        if (vocabulary > config.VocabularySize)
            throw new InvalidDataException(
                $"The tokenizer has {vocabulary} tokens and the recorded model {config.VocabularySize}: it is not the same tokenizer.");
        var model = new Transformer(config, new RandomStream(record.Source.ModelSeed));
        using var rounding = record.Source.Quantize is { } format ? StraightThrough.Of(model, format, record.Source.ActivationBits) : null;
        var trainer = new Trainer(model, data, record.Training);
        output.WriteLine(
            FormattableString.Invariant($"Replaying {last:N0} of {record.Training.Steps:N0} steps of {record.Source.Data} ..."));

        RunDifference? difference = null;
        using var stop = new CancellationTokenSource();
        TrainingProgress.Show(last, report => trainer.Run(step =>
        {
            report(step);
            difference ??= record.FirstDifference([step]);
            if (difference is not null || step.Step >= last)
                stop.Cancel();
        }, stop.Token));
        if (difference is null)
        {
            output.WriteLine(
                FormattableString.Invariant($"All {record.Steps.Count(s => s.Step <= last):N0} recorded steps are the same to the bit."));
            return 0;
        }

        static string Value(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "not measured";
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"First difference at step {difference.Step}, {difference.Metric}: recorded {Value(difference.Recorded)}, " +
                    $"now {Value(difference.Obtained)}."));
        return 2;
    }

    private static (TokenBatches Data, int Vocabulary) Data(RunRecord record, string path, string? given)
    {
        var source = record.Source;
        if (source.TextSha256 is null)
            throw new InvalidDataException(
                $"{path} is a run of a sweep, whose text was mixed from several ({source.Data}): run the sweep again to repeat it.");
        // The name is looked up in the current folder, then in the folder of the record.
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, source.Data);
        var corpus = TrainingInputs.OpenCorpus(given ?? (!File.Exists(source.Data) && File.Exists(beside) ? beside : source.Data));
        if (corpus.Sha256 != source.TextSha256)
            throw new InvalidDataException(
                $"{given ?? source.Data} is not the text of the recorded run: its SHA-256 is {corpus.Sha256}, and the recorded one " +
                    $"is {source.TextSha256}. Name the right file with --data.");
        var tokenizer = TrainingInputs.MakeTokenizer(source.Tokenizer, corpus, source.Vocabulary);
        var data = new TokenBatches(TrainingInputs.Encode(tokenizer, corpus), source.ValidationShare);
        return data.Sha256 == record.DataSha256
            ? (data, tokenizer.VocabularySize)
            : throw new InvalidDataException(
                $"The tokenizer {source.Tokenizer} gives different token ids for this text than in the recorded run, so this version " +
                    "cannot repeat the run.");
    }
}
