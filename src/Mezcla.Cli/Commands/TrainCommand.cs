using System.CommandLine;
using System.Runtime.InteropServices;
using Mezcla.Datasets;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla train</c>: a model on any text file.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var command = new Command("train", "Train a transformer, dense or with a Mixture of Experts, on a text of your own. Ctrl+C saves, --resume goes on.");
        foreach (var option in TrainOptions.All) command.Options.Add(option);
        command.SetAction(parse => Failures.Report(() => Run(parse)));
        return command;
    }

    private static int Run(ParseResult parse)
    {
        var resumed = parse.GetValue(TrainOptions.Resume) is { } file ? Load(file) : null;
        var named = parse.GetValue(TrainOptions.Data) ?? resumed?.Training!.Source?.Data
            ?? throw new ArgumentException("Nothing to train on: name a text file with --data, for example --data moby-dick.");
        var corpus = TrainingInputs.OpenCorpus(named);
        var output = parse.GetValue(TrainOptions.Output)!;
        OutputPath.RequireFile(output, "--output");
        OutputPath.RequireFile(parse.GetValue(TrainOptions.Record), "--record");

        var device = Devices.Chosen(parse.GetValue(TrainOptions.Device));
        // Checkpoints from before these were kept had the command's own values.
        var share = resumed?.Training!.ValidationShare ?? ShareHeldOut(parse);
        var config = resumed?.Training!.Config ?? TrainOptions.Training(parse);
        var source = resumed?.Training!.Source
            ?? new(named, corpus.Sha256, parse.GetValue(TrainOptions.Tokenizer)!, parse.GetValue(TrainOptions.Vocabulary), share, config.Seed, parse.GetValue(TrainOptions.Quantize), parse.GetValue(TrainOptions.ActivationBits));
        Devices.RequirePrecision(device, config.Precision);
        QuantizedTraining.Require(source, device);

        var checkpoint = resumed ?? Start(parse, corpus);
        using var rounding = source.Quantize is { } format ? StraightThrough.Of(checkpoint.Model, format, source.ActivationBits) : null;
        var data = new TokenBatches(TrainingInputs.Encode(checkpoint.Tokenizer!, corpus), share, device);
        checkpoint.Model.MoveTo(device);
        foreach (var (_, moment) in checkpoint.Training?.Optimizer?.State() ?? []) moment.MoveTo(device);
        var trainer = new Trainer(checkpoint.Model, data, config, checkpoint.Training);
        Console.WriteLine(FormattableString.Invariant(
            $"{corpus.Name}: {data.Training.Length:N0} tokens to train on, {data.Validation.Length:N0} held out. Model: {checkpoint.Model.CountParameters():N0} parameters{(device == Device.Cpu ? "" : $", on {device}")}."));

        void Save()
        {
            var state = trainer.State();
            state.Source = source;
            new ModelCheckpoint { Model = checkpoint.Model, Tokenizer = checkpoint.Tokenizer, Training = state }.Save(output.FullName);
        }

        using var interrupted = new CancellationTokenSource();
        ConsoleCancelEventHandler onCancel = (_, e) =>
        {
            // The first Ctrl+C ends after the step under way and saves; a second one ends the process as usual.
            e.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        };
        Console.CancelKeyPress += onCancel;
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => { context.Cancel = true; interrupted.Cancel(); });
        try
        {
            using var record = Record(parse, new RunRecord { Model = checkpoint.Model.Config, Training = config, Source = source, DataSha256 = data.Sha256, Device = checkpoint.Model.Device.Name }, resumed is not null);
            var result = Train(trainer, config.Steps, parse.GetValue(TrainOptions.CheckpointEvery), record, Save, interrupted.Token);
            var finished = result.Completed || result.StoppedEarly;
            if (finished && rounding is not null) QuantizedTraining.Finish(AnsiConsole.Console, checkpoint.Model, rounding, source.Quantize!, data.Validation);
            // What goes on from rounded weights is another training.
            if (finished && (rounding is not null || parse.GetValue(TrainOptions.WeightsOnly)))
                new ModelCheckpoint { Model = checkpoint.Model, Tokenizer = checkpoint.Tokenizer }.Save(output.FullName);
            if (trainer.StepByStep is { } why) Console.WriteLine($"Steps were not replayed from a graph: {why}{(why.EndsWith('.') ? "" : ".")}");
            return Report(result, named, output);
        }
        finally
        {
            Console.CancelKeyPress -= onCancel;
        }
    }

    private static TrainingResult Train(Trainer trainer, int steps, int checkpointEvery, StreamWriter? record, Action save, CancellationToken cancellation)
    {
        try
        {
            return TrainingProgress.Show(steps, report => trainer.Run(step =>
            {
                report(step);
                if (record is not null) RunRecord.WriteStep(record, step);
                if (checkpointEvery > 0 && step.Step % checkpointEvery == 0) save();
            }, cancellation));
        }
        finally
        {
            // Also where training diverged: the parameters are those of the step before.
            save();
        }
    }

    private static int Report(TrainingResult result, string data, FileInfo output)
    {
        if (result.Steps.Count > 0)
        {
            var last = result.Steps[^1];
            var validation = last.ValidationLoss is { } loss ? FormattableString.Invariant($", on held-out text {loss:F3}") : "";
            Console.WriteLine(FormattableString.Invariant($"Step {last.Step}: {last.CrossEntropy:F3} nats per token{validation}, in {last.Seconds:F1} s."));
        }
        else if (result.Completed) Console.WriteLine("No step was left to train: this training is at its end. A longer one starts anew, with more --steps.");

        Console.WriteLine($"Saved {output.FullName}.");
        if (result.StoppedEarly) Console.WriteLine("Stopped early: the loss on held-out text has not become smaller for as many evaluations as --patience says.");
        else if (!result.Completed)
        {
            Console.WriteLine($"Stopped before the end. Go on with: mezcla train --data {data} --resume {output.Name} --output {output.Name}");
            return 130;
        }

        Console.WriteLine($"Try it: mezcla generate {output.Name} --prompt \"...\"");
        return 0;
    }

    private static ModelCheckpoint Load(FileInfo file)
    {
        var checkpoint = ModelCheckpoint.Load(file.FullName);
        return checkpoint is { Training: not null, Tokenizer: not null }
            ? checkpoint
            : throw new InvalidDataException($"{file.FullName} holds a finished model, not a training that can go on.");
    }

    private static ModelCheckpoint Start(ParseResult parse, Corpus corpus)
    {
        var vocabulary = parse.GetValue(TrainOptions.Vocabulary);
        var config = TrainOptions.Model(parse, vocabulary);
        config.Validate();
        RefuseTooLarge(config);
        TrainOptions.Training(parse).Validate();
        var name = parse.GetValue(TrainOptions.Tokenizer)!;
        if (name == TrainingInputs.BytePairs) Console.WriteLine($"Training a tokenizer of {vocabulary} tokens on {corpus.Name} ...");
        var tokenizer = TrainingInputs.MakeTokenizer(name, corpus, vocabulary);
        config = config with { VocabularySize = tokenizer.VocabularySize };
        RefuseTooLarge(config);
        return new() { Model = new Transformer(config, new RandomStream(parse.GetValue(TrainOptions.Seed))), Tokenizer = tokenizer };
    }

    private static double ShareHeldOut(ParseResult parse)
    {
        var share = parse.GetValue(TrainOptions.Validation);
        return share is >= 0 and < 1 ? share
            : throw new ArgumentException(FormattableString.Invariant($"A held-out share of {share} is not possible: choose --validation at least 0 and below 1, such as 0.1."));
    }

    /// <summary>The file of the record, where one is wanted: a new one, or the one of a run that goes on, behind what it has.</summary>
    private static StreamWriter? Record(ParseResult parse, RunRecord run, bool resumed)
    {
        if (parse.GetValue(TrainOptions.Record) is not { } file) return null;
        var goesOn = resumed && file.Exists && RunRecord.Read(file.FullName) is var before && before.DataSha256 == run.DataSha256 && before.Training == run.Training;
        var writer = new StreamWriter(file.FullName, append: goesOn) { AutoFlush = true };
        if (!goesOn) run.WriteHead(writer);
        return writer;
    }

    // Weights, gradients and two moments in float32 are 16 bytes a parameter, before any activation.
    private static void RefuseTooLarge(TransformerConfig config)
    {
        var parameters = ParameterCount.Of(config).Total;
        var (needed, available) = (16.0 * parameters, (double)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (needed > available)
            throw new ArgumentException(FormattableString.Invariant($"A model of {parameters:N0} parameters needs {needed / 1e9:F1} GB to train, and this machine has {available / 1e9:F1} GB: choose fewer or smaller layers."));
    }
}
