using System.CommandLine;
using System.Diagnostics;
using Mezcla.Cli.Observation;
using Mezcla.Cli.Shared;
using Mezcla.Experiments.Observation;
using Mezcla.Tokenization;
using Mezcla.Weights;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla observe</c>: runs a Mixture of Experts over texts and writes what its experts do.</summary>
internal static class ObserveCommand
{
    private static readonly Argument<string> Model = new("MODEL")
    {
        Description = "A model with experts: a checkpoint written by 'mezcla train', the folder of a Hugging Face model, or a GGUF file."
    };

    private static readonly Option<string[]> Texts = new("--text")
    {
        Description = "A UTF-8 text file or a text of the course, by itself or with a name: --text english=a.txt --text code=b.cs. The " +
            "option can be given several times; texts of one name are one domain.",
        Required = true,
    };

    private static readonly Option<int> Tokens = NumberOption.Create("--tokens", "Read at most this many tokens of each text.", 4096,
        least: 1);

    private static readonly Option<int> Window = NumberOption.Create("--window",
        "Read texts in windows of this many tokens, at most the model's context.", 512, least: 2);

    private static readonly Option<string> Output = new("--output", "-o")
    {
        Description = "The folder for the page and the tables.",
        DefaultValueFactory = _ => "observed"
    };

    private static readonly Option<bool> Force = new("--force") { Description = "Replace what is in the folder." };
    private static readonly Option<string?> DeviceName = Devices.Option();

    public static Command Create()
    {
        var command = new Command("observe", "Run a Mixture of Experts, your own or a published one, over texts, and write a page and " +
            "tables of what its experts do: who computes which token, how even the load is, what each kind of text prefers.")
            {
                Model, Texts, Tokens, Window, Output, Force, DeviceName
            };
        command.SetAction(parse => Failures.Report(() => Run(parse)));
        return command;
    }

    private static int Run(ParseResult parse)
    {
        var (path, folder) = (parse.GetValue(Model)!, Path.GetFullPath(parse.GetValue(Output)!));
        OutputPath.Check(folder, path, parse.GetValue(Force));
        var device = Devices.Chosen(parse.GetValue(DeviceName));
        var texts = parse.GetValue(Texts)!.Select(Named).ToList();
        using var source = ModelSource.Open(path);
        if (source.Config.MixtureOfExperts is null)
            throw new ArgumentException($"{source.Weights.FilePath} has no experts to observe: it is a dense model.");
        var tokenizer = source.Tokenizer
            ?? throw new InvalidDataException($"{source.Weights.FilePath} has no tokenizer, so it cannot read texts.");
        var domains = texts.GroupBy(t => t.Name, t => t.Text).Select(group => KeyValuePair.Create(group.Key,
            group.SelectMany(text => tokenizer.Encode(text, SpecialTokenPolicy.None).Take(parse.GetValue(Tokens))).ToArray())).ToList();
        if (domains.FirstOrDefault(d => d.Value.Length == 0) is { Key: { } empty })
            throw new ArgumentException($"The text '{empty}' has no tokens.");
        var model = source.Load(expertsOnDemand: true);
        model.MoveTo(device);
        var begin = tokenizer.ExpectsBeginOfText ? tokenizer.BeginOfText : null;
        var total = domains.Sum(d => d.Value.Length);
        var observed = Progress(total, read => ObservedRouting.Of(model, domains, parse.GetValue(Window), begin, read));
        Directory.CreateDirectory(folder);
        ObservationTables.Write(folder, observed, tokenizer);
        var page = Path.Combine(folder, "index.html");
        File.WriteAllText(page, ObservationPage.Write(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), observed, tokenizer));
        Console.WriteLine($"{observed.Layers.Count} blocks, {total} tokens: {page}");
        return 0;
    }

    // A name may stand before the file; a path with an equals sign in it needs one.
    private static (string Name, string Text) Named(string option)
    {
        var at = option.IndexOf('=', StringComparison.Ordinal);
        var (name, path) = at > 0 ? (option[..at], option[(at + 1)..]) : (Path.GetFileNameWithoutExtension(option), option);
        if (path.Length == 0)
            throw new ArgumentException($"--text {option} names no file: write it as --text NAME=FILE.");
        return (name, TrainingInputs.OpenCorpus(path).Text);
    }

    private static ObservedRouting Progress(int total, Func<Action<int>, ObservedRouting> observe)
    {
        if (!Console.IsOutputRedirected)
            return AnsiConsole.Progress()
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                    new RemainingTimeColumn())
                .Start(context =>
                {
                    var task = context.AddTask("tokens", maxValue: total);
                    return observe(read => task.Value = read);
                });
        var clock = Stopwatch.StartNew();
        var next = total / 10;
        return observe(read =>
        {
            if (read < next || read == total)
                return;
            next = read + total / 10;
            var left = clock.Elapsed * ((double)(total - read) / read);
            Console.Error.WriteLine(FormattableString.Invariant(
                $"{read:N0} of {total:N0} tokens, about {Math.Ceiling(left.TotalSeconds):N0} s left"));
        });
    }
}
