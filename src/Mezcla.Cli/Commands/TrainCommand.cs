using System.CommandLine;
using System.Text.Json;
using Mezcla.Cli.Shared;
using Mezcla.Cli.Training;
using Mezcla.Datasets;
using Mezcla.Distributed;
using Mezcla.Experiments.Records;
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
        command.SetAction(parse => ManyRanks.Run(session => Run(parse, session)));
        return command;
    }

    private static int Run(ParseResult parse, MpiSession? session)
    {
        var parallel = parse.GetValue(TrainOptions.ExpertParallel);
        if (session is null && parallel > 1)
            throw new ArgumentException($"--expert-parallel {parallel} needs that many processes: mpiexec -n {parallel} mezcla train ...");
        var plan = TrainingPlan.Of(parse, session?.Launch.LocalRank);
        var checkpoint = plan.Resumed ?? NewModel.Create(parse, plan.Corpus);
        var (model, source, output) = (checkpoint.Model, plan.Source, parse.GetValue(TrainOptions.Output)!);
        using var rounding = source.Quantize is { } format ? StraightThrough.Of(model, format, source.ActivationBits) : null;
        var data = new TokenBatches(TrainingInputs.Encode(checkpoint.Tokenizer!, plan.Corpus), plan.ValidationShare, plan.Device);
        model.MoveTo(plan.Device);
        foreach (var (_, moment) in checkpoint.Training?.Optimizer?.State() ?? [])
            moment.MoveTo(plan.Device);
        TrainingReport.Begin(plan.Corpus, data, model, plan.Device, session, parallel);
        if (session is not null)
        {
            TrainingPeers.Require(model.Config);
            session.RequireSame("training", JsonSerializer.Serialize(model.Config, ConfigJson.Options)
                + JsonSerializer.Serialize(plan.Config, ConfigJson.Options) + parallel + data.Sha256);
            if (parallel > 1 && rounding is not null)
                throw new ArgumentException("--quantize rounds whole layers: it cannot be combined with --expert-parallel.");
        }

        var experts = session is null || parallel == 1 ? null : ExpertShards.Spread(model, session.World, parallel);
        if (experts is not null && checkpoint.Training?.Optimizer is { } whole)
            checkpoint.Training.Optimizer = experts.Spread(whole, model, plan.Config);
        var peers = session is null ? null : new TrainingPeers(session.World, experts);
        var trainer = new Trainer(model, data, plan.Config, checkpoint.Training, peers);

        using var interruption = new Interruption();
        var head = new RunRecord
        {
            Model = model.Config,
            Training = plan.Config,
            Source = source,
            DataSha256 = data.Sha256,
            Device = model.Device.Name,
            Processes = session?.World.Count,
            ExpertParallel = parallel > 1 ? parallel : null,
        };
        using var record = session is { World.Rank: > 0 } ? null
            : TrainingRecord.Open(parse.GetValue(TrainOptions.Record), head, plan.Resumed is not null);
        var saver = new CheckpointSaver(checkpoint, trainer, source, output, session, experts);
        var result = TrainingLoop.Run(trainer, plan.Config.Steps, parse.GetValue(TrainOptions.CheckpointEvery), record, saver,
            interruption.Token);

        var finished = result.Completed || result.StoppedEarly;
        if (finished && rounding is not null)
            QuantizedTraining.Finish(AnsiConsole.Console, model, rounding, source.Quantize!, data.Validation);
        // A training that started from rounded weights would be another one, so such a model is not saved for --resume.
        if (finished && (rounding is not null || parse.GetValue(TrainOptions.WeightsOnly)))
            saver.SaveFinished();
        return TrainingReport.End(result, plan.Data, output, session?.World.Count);
    }
}
