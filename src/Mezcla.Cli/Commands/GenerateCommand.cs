using System.CommandLine;
using Mezcla.Generation;
using Mezcla.Training;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla generate</c>: text from a trained model.</summary>
internal static class GenerateCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "A checkpoint that mezcla train saved." };
    private static readonly Option<string> Prompt = new("--prompt", "-p") { Description = "The text to continue.", DefaultValueFactory = _ => "" };
    private static readonly Option<int> Tokens = new("--tokens", "-n") { Description = "Tokens to generate at most.", DefaultValueFactory = _ => 200 };
    private static readonly Option<float> Temperature = new("--temperature") { Description = "0 for the most likely token always; 1 for the model's own distribution.", DefaultValueFactory = _ => 0.8f };
    private static readonly Option<int> TopK = new("--top-k") { Description = "Only the k most likely tokens; 0 for all.", DefaultValueFactory = _ => 0 };
    private static readonly Option<float> TopP = new("--top-p") { Description = "Only the most likely tokens that together reach this probability.", DefaultValueFactory = _ => 1f };
    private static readonly Option<float> MinP = new("--min-p") { Description = "Only tokens at least this likely relative to the most likely one.", DefaultValueFactory = _ => 0f };
    private static readonly Option<float> RepetitionPenalty = new("--repetition-penalty") { Description = "Above 1 makes repeated tokens less likely.", DefaultValueFactory = _ => 1f };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of the draws.", DefaultValueFactory = _ => 1UL };
    private static readonly Option<int> Samples = new("--samples") { Description = "How many continuations.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string[]> Stop = new("--stop") { Description = "End before this text; may be given several times." };

    public static Command Create()
    {
        var command = new Command("generate", "Continue a text with a trained model.") { Model, Prompt, Tokens, Temperature, TopK, TopP, MinP, RepetitionPenalty, Seed, Samples, Stop };
        command.SetAction(parse => Failures.Report(() => Run(parse)));
        return command;
    }

    private static int Run(ParseResult parse)
    {
        var path = parse.GetValue(Model)!;
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no file {Path.GetFullPath(path)}. Train a model first: mezcla train --data FILE.");
        if (parse.GetValue(Tokens) < 1) throw new ArgumentException($"{parse.GetValue(Tokens)} tokens: at least 1 must be generated.");
        if (parse.GetValue(Samples) < 1) throw new ArgumentException($"{parse.GetValue(Samples)} samples: at least 1 is needed.");
        var sampling = new SamplingConfig
        {
            Temperature = parse.GetValue(Temperature),
            TopK = parse.GetValue(TopK),
            TopP = parse.GetValue(TopP),
            MinP = parse.GetValue(MinP),
            RepetitionPenalty = parse.GetValue(RepetitionPenalty),
            Seed = parse.GetValue(Seed),
        };
        sampling.Validate();
        var checkpoint = ModelCheckpoint.Load(path);
        var tokenizer = checkpoint.Tokenizer ?? throw new InvalidDataException($"{path} holds no tokenizer.");
        var generator = new Generator(checkpoint.Model, tokenizer);
        var prompt = parse.GetValue(Prompt)!;
        for (var sample = 0; sample < parse.GetValue(Samples); sample++)
        {
            if (sample > 0) Console.Out.WriteLine("\n---");
            Console.Out.Write(prompt);
            foreach (var piece in generator.Stream(prompt, parse.GetValue(Tokens), sampling, parse.GetValue(Stop), (ulong)sample))
            {
                Console.Out.Write(piece);
                Console.Out.Flush();
            }

            Console.Out.WriteLine();
        }

        return 0;
    }
}
