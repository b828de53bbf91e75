using System.CommandLine;
using Mezcla.Cli.Shared;
using Mezcla.Cli.Training;
using Mezcla.Datasets;
using Mezcla.Quantization.Methods;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla train</c>: trains a model on any text file.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var command = new Command("train",
            "Train a transformer, dense or with a Mixture of Experts, on a text of your own. Ctrl+C stops and saves the training; " +
                "--resume continues it.");
        foreach (var option in TrainOptions.All)
            command.Options.Add(option);
        command.SetAction(parse => Failures.Report(() => Run(parse)));
        return command;
    }

    private static int Run(ParseResult parse)
    {
        var plan = TrainingPlan.Of(parse);
        var checkpoint = plan.Resumed ?? NewModel.Create(parse, plan.Corpus);
        var (model, source, output) = (checkpoint.Model, plan.Source, parse.GetValue(TrainOptions.Output)!);
        using var rounding = source.Quantize is { } format ? StraightThrough.Of(model, format, source.ActivationBits) : null;
        var data = new TokenBatches(TrainingInputs.Encode(checkpoint.Tokenizer!, plan.Corpus), plan.ValidationShare, plan.Device);
        model.MoveTo(plan.Device);
        foreach (var (_, moment) in checkpoint.Training?.Optimizer?.State() ?? [])
            moment.MoveTo(plan.Device);
        var trainer = new Trainer(model, data, plan.Config, checkpoint.Training);
        TrainingReport.Begin(plan.Corpus, data, model, plan.Device);

        using var interruption = new Interruption();
        var head = new RunRecord
        {
            Model = model.Config,
            Training = plan.Config,
            Source = source,
            DataSha256 = data.Sha256,
            Device = model.Device.Name
        };
        using var record = TrainingRecord.Open(parse.GetValue(TrainOptions.Record), head, plan.Resumed is not null);
        var saver = new CheckpointSaver(checkpoint, trainer, source, output);
        var result = TrainingLoop.Run(trainer, plan.Config.Steps, parse.GetValue(TrainOptions.CheckpointEvery), record, saver,
            interruption.Token);

        var finished = result.Completed || result.StoppedEarly;
        if (finished && rounding is not null)
            QuantizedTraining.Finish(AnsiConsole.Console, model, rounding, source.Quantize!, data.Validation);
        // A training that started from rounded weights would be another one, so such a model is not saved for --resume.
        if (finished && (rounding is not null || parse.GetValue(TrainOptions.WeightsOnly)))
            saver.SaveFinished();
        return TrainingReport.End(result, plan.Data, output);
    }
}
