using System.CommandLine;
using System.Text;
using Mezcla.Cli.Chat;
using Mezcla.Cli.Shared;
using Mezcla.Generation;
using Mezcla.Layers;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Weights;
using Mezcla.Weights.Chat;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla generate</c>: generates text with a trained model.</summary>
internal static class GenerateCommand
{
    private static readonly Argument<string> Model =
        new(
            "MODEL")
        {
            Description = "A checkpoint written by 'mezcla train', the folder of a Hugging Face model (gpt2, llama, mistral or one of " +
                    "the mixtures that README names), or a GGUF file of one of these."
        };
    private static readonly Option<string> Prompt = new("--prompt",
        "-p")
    { Description = "The text to continue. [default: none]", DefaultValueFactory = _ => "" };
    private static readonly Option<int> Tokens = new("--tokens",
        "-n")
    { Description = "The most tokens to generate.", DefaultValueFactory = _ => 200 };
    private static readonly Option<float> Temperature = new("--temperature",
        "-t")
    {
        Description = "Sampling temperature: 0 always takes the most likely token, 1 samples from the model's own probabilities, and " +
                "values between prefer likely tokens.",
        DefaultValueFactory = _ => 0.8f
    };
    private static readonly Option<int> TopK =
        new("--top-k") { Description = "Sample only from this many most likely tokens; 0 for all tokens.", DefaultValueFactory = _ => 0 };
    private static readonly Option<float> TopP =
        new("--top-p")
        {
            Description = "Sample only from the most likely tokens that together reach this probability; 1 for all tokens.",
            DefaultValueFactory = _ => 1f
        };
    private static readonly Option<float> MinP =
        new(
            "--min-p")
        {
            Description =
                    "Sample only from tokens whose probability is at least this fraction of the most likely token's; 0 for all tokens.",
            DefaultValueFactory = _ => 0f
        };
    private static readonly Option<float> RepetitionPenalty =
        new(
            "--repetition-penalty")
        {
            Description = "Values above 1 make tokens that already occur in the text less likely; 1 changes nothing.",
            DefaultValueFactory = _ => 1f
        };
    private static readonly Option<ulong> Seed =
        new("--seed")
        {
            Description = "Seed of the random numbers for sampling: the same seed gives the same text.",
            DefaultValueFactory = _ => 1UL
        };
    private static readonly Option<int> Samples =
        new("--samples") { Description = "Number of continuations to write, with a line --- between them.", DefaultValueFactory = _ => 1 };
    private static readonly Option<string[]> Stop =
        new("--stop") { Description = "Stop before this text appears. The option can be given several times." };
    private static readonly Option<string?> Cache =
        new(
            "--cache")
        {
            Description = "Number format of the key/value cache, such as INT8_ABSMAX, FP8_E4M3 or INT4_ABSMAX. Each vector of a head " +
                    "is rounded on its own. [default: float32]"
        };
    private static readonly Option<bool> Chat = new("--chat")
    {
        Description = "Ask the prompt as a message, in the form of conversations that the model's files name, and write the answer alone."
    };
    private static readonly Option<bool> Interactive = new("--interactive", "-i")
    {
        Description = "Converse at the terminal: type messages, read answers. Ctrl+C stops an answer. --tokens is 1000 then, if not given."
    };
    private static readonly Option<string?> SystemText = new("--system")
    {
        Description = "What the model is told before a conversation. [default: what its files say]"
    };
    private static readonly Option<string?> DeviceName = Devices.Option();

    public static Command Create()
    {
        var command = new Command("generate",
            "Continue a text with a model: your own, or one in a format of Hugging Face or llama.cpp. Standard output receives the " +
                "prompt and the generated text, and nothing else.")
                {
                    Model,
                    Prompt,
                    Tokens,
                    Temperature,
                    TopK,
                    TopP,
                    MinP,
                    RepetitionPenalty,
                    Seed,
                    Samples,
                    Stop,
                    Cache,
                    Chat,
                    Interactive,
                    SystemText,
                    DeviceName
                };
        command.SetAction(parse => Failures.Report(() => Run(parse)));
        return command;
    }

    private static int Run(ParseResult parse)
    {
        if (parse.GetValue(Tokens) < 1)
            throw new ArgumentException($"--tokens is {parse.GetValue(Tokens)}; it must be at least 1.");
        if (parse.GetValue(Samples) < 1)
            throw new ArgumentException($"--samples is {parse.GetValue(Samples)}; it must be at least 1.");
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
        var device = Devices.Chosen(parse.GetValue(DeviceName));
        var prompt = parse.GetValue(Prompt)!;
        var (interactive, chat) = (parse.GetValue(Interactive), parse.GetValue(Chat) || parse.GetValue(Interactive));
        if (parse.GetValue(SystemText) is not null && !chat)
            throw new ArgumentException("--system is for conversations: add --chat or --interactive.");
        if (chat && prompt.Length == 0 != interactive)
            throw new ArgumentException(interactive
                ? "--interactive asks for messages at the terminal: leave --prompt out."
                : "--chat needs a message: give it with --prompt TEXT.");
        using var source = ModelSource.Open(parse.GetValue(Model)!);
        var tokenizer = source.Tokenizer
            ?? throw new InvalidDataException($"{source.Weights.FilePath} has no tokenizer, so it cannot be given a prompt.");
        var spoken = chat ? FormatOf(source) : null;
        if (!chat && prompt.Length == 0 && (tokenizer.BeginOfText ?? tokenizer.EndOfText) is null)
            throw new ArgumentException(
                "There is no text to continue, and this model's tokenizer has no token for the beginning of a text: give the beginning " +
                    "with --prompt TEXT.");
        var model = source.Load(expertsOnDemand: true);
        model.MoveTo(device);
        Func<int, int, KeyValueCache>? cache = null;
        if (parse.GetValue(Cache) is { } name)
        {
            var format = NumberFormats.Parse(name);
            if (device != Device.Cpu)
                throw new ArgumentException($"--cache {format} works only on the CPU: choose it by --device cpu, instead of {device}.");
            if (model.Config.Attention.Latent is not null)
                throw new ArgumentException("This model's latent attention already compresses its cache: leave --cache out.");
            format.BytesFor(model.Config.Attention.HeadSize); // throws if a vector of a head does not divide into the format's blocks
            cache = (layers, capacity) => new QuantizedKeyValueCache(layers, capacity, format);
        }
        using var generator = new Generator(model, tokenizer, cache) { Ends = source.Chat.Ends, KeepsCache = true };
        // A file or another program gets UTF-8, whatever the terminal's code page is, and
        // exactly the text, without a line end that is not part of it.
        using var redirected = Console.IsOutputRedirected ? new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) : null;
        var console = redirected ?? Console.Out;
        Conversation Begin() => new(generator, spoken!, model.Config.ContextLength, parse.GetValue(SystemText));
        if (interactive)
        {
            InteractiveConversation.Run(Begin(), parse.GetResult(Tokens) is { Implicit: false } ? parse.GetValue(Tokens) : 1000, sampling,
                parse.GetValue(Stop), console);
            return 0;
        }
        var last = '\n';
        for (var sample = 0; sample < parse.GetValue(Samples); sample++)
        {
            if (sample > 0)
                console.Write("\n---\n");
            var (count, stop) = (parse.GetValue(Tokens), parse.GetValue(Stop));
            var pieces = chat
                ? Begin().Ask(prompt, count, sampling, stop, (ulong)sample)
                : generator.Stream(prompt, count, sampling, stop, (ulong)sample).Prepend(prompt);
            foreach (var piece in pieces)
            {
                console.Write(piece);
                last = piece.Length > 0 ? piece[^1] : last;
                console.Flush();
            }
        }

        // At a terminal the shell's prompt must not follow on the same line.
        if (redirected is null && last != '\n')
            console.WriteLine();
        return 0;
    }

    private static ChatFormat FormatOf(ModelSource source) => source.Chat.Format ?? throw new InvalidDataException(source.Chat.HasTemplate
        ? $"{source.Weights.FilePath}: its chat template is none of those that are known here (Llama 2 and 3, ChatML, Mistral, OLMo, " +
            "Granite, gpt-oss, DeepSeek, Phi, Gemma, Zephyr): write what it would write yourself, with --prompt."
        : $"{source.Weights.FilePath} has no chat template: it was not taught conversations, and continues texts only. Leave --chat and " +
            "--interactive out.");
}
