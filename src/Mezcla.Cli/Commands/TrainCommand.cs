using System.CommandLine;
using Mezcla.Datasets;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla train</c>: a model on any text file.</summary>
internal static class TrainCommand
{
    private static readonly Option<string> Data = new("--data") { Description = "A UTF-8 text file, or the name of a corpus that comes with Mezcla (such as moby-dick)." };
    private static readonly Option<FileInfo> Output = new("--output", "-o") { Description = "Where the model is saved.", DefaultValueFactory = _ => new FileInfo("model.safetensors") };
    private static readonly Option<FileInfo?> Resume = new("--resume") { Description = "Go on with the training of this checkpoint; only --data, --output and --record are then read." };
    private static readonly Option<int> Vocabulary = Number("--vocabulary", "Tokens of the byte-pair tokenizer that is trained first (256 to 65536).", 512);
    private static readonly Option<int> Layers = Number("--layers", "Transformer blocks.", 4);
    private static readonly Option<int> Hidden = Number("--hidden", "Width of the residual stream.", 128);
    private static readonly Option<int> Heads = Number("--heads", "Attention heads; they divide the width.", 4);
    private static readonly Option<int> Context = Number("--context", "Tokens the model sees at once.", 128);
    private static readonly Option<int> Experts = Number("--experts", "Experts in each block; 0 for a dense model.", 0);
    private static readonly Option<int> TopK = Number("--top-k", "Experts that a token uses.", 2);
    private static readonly Option<int> Steps = Number("--steps", "Optimizer steps.", 300);
    private static readonly Option<int> Batch = Number("--batch", "Sequences in a batch.", 16);
    private static readonly Option<float> LearningRate = new("--learning-rate") { Description = "Peak learning rate.", DefaultValueFactory = _ => 3e-3f };
    private static readonly Option<float> Dropout = new("--dropout") { Description = "Probability that an activation is dropped in training.", DefaultValueFactory = _ => 0f };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of weights, batches and noise.", DefaultValueFactory = _ => 1UL };
    private static readonly Option<double> Validation = new("--validation") { Description = "Share of the text held out at its end.", DefaultValueFactory = _ => 0.1 };
    private static readonly Option<int> CheckpointEvery = Number("--checkpoint-every", "Steps between checkpoints; 0 for one at the end only.", 0);
    private static readonly Option<bool> WeightsOnly = new("--weights-only") { Description = "Save a finished model without what --resume needs: a third of the size." };
    private static readonly Option<FileInfo?> Record = new("--record") { Description = "Write configuration and every step as JSON lines to this file." };

    public static Command Create()
    {
        var command = new Command("train", "Train a transformer, dense or with experts, on a text file of your own.")
        {
            Data, Output, Resume, Vocabulary, Layers, Hidden, Heads, Context, Experts, TopK, Steps, Batch, LearningRate, Dropout, Seed, Validation, CheckpointEvery, WeightsOnly, Record,
        };
        command.SetAction(parse => Failures.Report(() => Run(parse)));
        return command;
    }

    private static Option<int> Number(string name, string description, int value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    private static int Run(ParseResult parse)
    {
        var source = parse.GetValue(Data) ?? throw new ArgumentException("Nothing to train on: name a text file with --data, for example --data moby-dick.");
        var corpus = Corpus.Names.Contains(source) && !File.Exists(source) ? Corpus.Load(source) : Corpus.Read(source);
        var output = parse.GetValue(Output)!;
        if (output.Directory is { Exists: false } folder) throw new DirectoryNotFoundException($"The folder {folder.FullName} does not exist: create it or choose another --output.");

        ModelCheckpoint checkpoint;
        if (parse.GetValue(Resume) is { } resumed)
        {
            checkpoint = ModelCheckpoint.Load(resumed.FullName);
            if (checkpoint.Training is null || checkpoint.Tokenizer is null)
                throw new InvalidDataException($"{resumed.FullName} holds a finished model, not a training that can go on.");
        }
        else
        {
            checkpoint = Start(parse, corpus);
        }

        var (model, tokenizer, config) = (checkpoint.Model, checkpoint.Tokenizer!, checkpoint.Training?.Config ?? Configuration(parse));
        var data = new TokenBatches(tokenizer.Encode(corpus.Text), parse.GetValue(Validation));
        var trainer = new Trainer(model, data, config, checkpoint.Training);
        Console.WriteLine(
            $"{corpus.Name}: {data.Training.Length:N0} tokens to train on, {data.Validation.Length:N0} held out. Model: {model.CountParameters():N0} parameters.");

        using var interrupted = new CancellationTokenSource();
        ConsoleCancelEventHandler onCancel = (_, e) =>
        {
            // The first Ctrl+C ends after the step under way and saves; a second one ends the process as usual.
            e.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        };
        Console.CancelKeyPress += onCancel;
        using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM, context => { context.Cancel = true; interrupted.Cancel(); });
        try
        {
            return Train(parse, corpus, checkpoint, trainer, config, data, output, interrupted.Token);
        }
        finally
        {
            Console.CancelKeyPress -= onCancel;
        }
    }

    private static int Train(ParseResult parse, Corpus corpus, ModelCheckpoint checkpoint, Trainer trainer, TrainingConfig config, TokenBatches data, FileInfo output, CancellationToken cancellation)
    {
        using var record = parse.GetValue(Record) is { } file ? new StreamWriter(file.FullName) : null;
        if (record is not null)
        {
            new RunRecord
            {
                Model = checkpoint.Model.Config,
                Training = config,
                Data = corpus.Name,
                DataSha256 = data.Sha256,
                ModelSeed = config.Seed,
            }.WriteHead(record);
        }

        void Save() => new ModelCheckpoint { Model = checkpoint.Model, Tokenizer = checkpoint.Tokenizer, Training = trainer.State() }.Save(output.FullName);
        var every = parse.GetValue(CheckpointEvery);
        TrainingResult result;
        try
        {
            result = TrainingProgress.Show(config.Steps, report => trainer.Run(step =>
            {
                report(step);
                if (record is not null) RunRecord.WriteStep(record, step);
                if (every > 0 && step.Step % every == 0) Save();
            }, cancellation));
        }
        catch (TrainingDivergedException)
        {
            Save();
            throw;
        }

        if (parse.GetValue(WeightsOnly) && result.Completed)
            new ModelCheckpoint { Model = checkpoint.Model, Tokenizer = checkpoint.Tokenizer }.Save(output.FullName);
        else
            Save();
        if (result.Steps.Count > 0)
        {
            var last = result.Steps[^1];
            var validation = last.ValidationLoss is { } loss ? $", on held-out text {loss:F3}" : "";
            Console.WriteLine($"Step {last.Step}: {last.CrossEntropy:F3} nats per token{validation}, in {last.Seconds:F1} s.");
        }

        Console.WriteLine($"Saved {output.FullName}.");
        if (result.Completed)
            Console.WriteLine($"Try it: mezcla generate {output.Name} --prompt \"...\"");
        else
            Console.WriteLine($"Stopped before the end. Go on with: mezcla train --data {parse.GetValue(Data)!} --resume {output.Name} --output {output.Name}");
        return result.Completed ? 0 : 130;
    }

    private static ModelCheckpoint Start(ParseResult parse, Corpus corpus)
    {
        var config = ModelConfiguration(parse);
        config.Validate();
        RefuseTooLarge(config);
        Configuration(parse).Validate();
        Console.WriteLine($"Training a tokenizer of {config.VocabularySize} tokens on {corpus.Name} ...");
        var tokenizer = BytePairTokenizer.Train(corpus.Text, config.VocabularySize);
        return new() { Model = new Transformer(config with { VocabularySize = tokenizer.VocabularySize }, new RandomStream(parse.GetValue(Seed))), Tokenizer = tokenizer };
    }

    private static TransformerConfig ModelConfiguration(ParseResult parse)
    {
        var (hidden, heads) = (parse.GetValue(Hidden), parse.GetValue(Heads));
        if (heads < 1 || hidden < 1 || hidden % (2 * heads) != 0)
            throw new ArgumentException($"A width of {hidden} does not divide into {heads} heads of an even size: choose --hidden as a multiple of twice --heads.");
        var size = parse.GetValue(Vocabulary);
        if (size is < 256 or > 65_536) throw new ArgumentException($"A vocabulary of {size} tokens is not possible: choose 256 (the bytes) to 65536.");
        var network = new FeedForwardConfig(4 * hidden, Bias: true);
        return new TransformerConfig
        {
            VocabularySize = parse.GetValue(Vocabulary),
            ContextLength = parse.GetValue(Context),
            Layers = parse.GetValue(Layers),
            HiddenSize = hidden,
            Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = hidden / heads, QueryKeyValueBias = true, OutputBias = true },
            FeedForward = network,
            Positions = new(PositionKind.Rotary),
            TiedHead = true,
            InitializerRange = 1 / MathF.Sqrt(hidden),
            Dropout = parse.GetValue(Dropout),
            MixtureOfExperts = parse.GetValue(Experts) == 0 ? null : new() { Experts = parse.GetValue(Experts), TopK = parse.GetValue(TopK), Expert = network with { Bias = false } },
        };
    }

    private static TrainingConfig Configuration(ParseResult parse) => new()
    {
        Steps = parse.GetValue(Steps),
        BatchSize = parse.GetValue(Batch),
        LearningRate = parse.GetValue(LearningRate),
        Seed = parse.GetValue(Seed),
        Schedule = new CosineSchedule { WarmupSteps = Math.Min(20, parse.GetValue(Steps) / 10) },
    };

    // Weights, gradients and two moments in float32 are 16 bytes a parameter, before any activation.
    private static void RefuseTooLarge(TransformerConfig config)
    {
        var parameters = ParameterCount.Of(config).Total;
        var (needed, available) = (16.0 * parameters, (double)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        if (needed > available)
            throw new ArgumentException($"A model of {parameters:N0} parameters needs {needed / 1e9:F1} GB to train, and this machine has {available / 1e9:F1} GB: choose fewer or smaller layers.");
    }
}
