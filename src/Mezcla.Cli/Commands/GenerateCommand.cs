using System.CommandLine;
using System.Text;
using Mezcla.Generation;
using Mezcla.Layers;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Weights;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla generate</c>: text from a trained model.</summary>
internal static class GenerateCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "A checkpoint of mezcla train, the folder of a Hugging Face model (gpt2, llama, mistral, mixtral) or a GGUF file (gpt2, llama)." };
    private static readonly Option<string> Prompt = new("--prompt", "-p") { Description = "The text to continue.", DefaultValueFactory = _ => "" };
    private static readonly Option<int> Tokens = new("--tokens", "-n") { Description = "Tokens to generate at most.", DefaultValueFactory = _ => 200 };
    private static readonly Option<float> Temperature = new("--temperature", "-t") { Description = "0 takes the most likely token always, 1 draws from the model's own distribution, less than 1 is more careful.", DefaultValueFactory = _ => 0.8f };
    private static readonly Option<int> TopK = new("--top-k") { Description = "Draw only from the k most likely tokens; 0 for all.", DefaultValueFactory = _ => 0 };
    private static readonly Option<float> TopP = new("--top-p") { Description = "Draw only from the most likely tokens that together reach this probability; 1 for all.", DefaultValueFactory = _ => 1f };
    private static readonly Option<float> MinP = new("--min-p") { Description = "Draw only from tokens at least this likely relative to the most likely one; 0 for all.", DefaultValueFactory = _ => 0f };
    private static readonly Option<float> RepetitionPenalty = new("--repetition-penalty") { Description = "Above 1 makes tokens that the text has already less likely; 1 for none.", DefaultValueFactory = _ => 1f };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of the draws: the same seed gives the same text.", DefaultValueFactory = _ => 1UL };
    private static readonly Option<int> Samples = new("--samples") { Description = "How many continuations to write, a line with --- between them.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string[]> Stop = new("--stop") { Description = "End before this text; may be given several times." };
    private static readonly Option<string?> Cache = new("--cache") { Description = "Keep keys and values of attention in this format, such as INT8_ABSMAX, FP8_E4M3 or INT4_ABSMAX, one head's vector of a token at a time; without it as floats." };
    private static readonly Option<string?> Where = Devices.Option();

    public static Command Create()
    {
        var command = new Command("generate", "Continue a text with a model: yours, or one from Hugging Face or llama.cpp. Standard output is the prompt and what follows, nothing else.") { Model, Prompt, Tokens, Temperature, TopK, TopP, MinP, RepetitionPenalty, Seed, Samples, Stop, Cache, Where };
        command.SetAction(parse => Failures.Report(() => Run(parse)));
        return command;
    }

    private static int Run(ParseResult parse)
    {
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
        var device = Devices.Chosen(parse.GetValue(Where));
        var prompt = parse.GetValue(Prompt)!;
        using var source = ModelSource.Open(parse.GetValue(Model)!);
        var tokenizer = source.Tokenizer ?? throw new InvalidDataException($"{source.Weights.FilePath} has no tokenizer, so it cannot read a prompt.");
        if (prompt.Length == 0 && (tokenizer.BeginOfText ?? tokenizer.EndOfText) is null)
            throw new ArgumentException("There is no text to continue, and this model's tokenizer has no token that begins one: give the beginning with --prompt TEXT.");
        var model = source.Load();
        model.MoveTo(device);
        Func<int, int, KeyValueCache>? cache = null;
        if (parse.GetValue(Cache) is { } name)
        {
            var format = NumberFormats.Parse(name);
            if (device != Device.Cpu) throw new ArgumentException($"--cache {format} is kept on the processor: leave --device {device} out.");
            if (model.Config.Attention.Latent is not null) throw new ArgumentException("Latent attention keeps what is compressed already: it has no use for --cache.");
            format.BytesFor(model.Config.Attention.HeadSize); // says so where a vector is no whole number of blocks
            cache = (layers, capacity) => new QuantizedKeyValueCache(layers, capacity, format);
        }
        var generator = new Generator(model, tokenizer, cache);
        // Written as UTF-8 whatever the terminal's code page, and without a line end that the model did not write, unless a person is looking.
        using var output = Console.IsOutputRedirected ? new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) : null;
        var console = output ?? Console.Out;
        for (var sample = 0; sample < parse.GetValue(Samples); sample++)
        {
            if (sample > 0) console.Write("\n---\n");
            var pieces = generator.Stream(prompt, parse.GetValue(Tokens), sampling, parse.GetValue(Stop), (ulong)sample);
            foreach (var piece in pieces.Prepend(prompt))
            {
                console.Write(piece);
                console.Flush();
            }
        }

        if (output is null) console.WriteLine();
        return 0;
    }
}
