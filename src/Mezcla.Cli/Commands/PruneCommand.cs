using System.CommandLine;
using System.Globalization;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Pruning;
using Mezcla.Training;
using Mezcla.Weights;
using Mezcla.Weights.Checkpoints;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>The command <c>mezcla prune</c>: a model with fewer weights or fewer experts, as a checkpoint.</summary>
internal static class PruneCommand
{
    private const int MostHeldTokens = 16384;

    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A checkpoint of mezcla train, the folder of a Hugging Face model or a GGUF file." };
        var text = new Option<string?>("--calibrate", "-c") { Description = "A text file, or a corpus that comes with Mezcla: its first nine tenths are what methods look at, on the rest perplexity is measured." };
        var method = new Option<string>("--method", "-m") { Description = $"How weights are chosen: {string.Join(", ", PruningMethod.All.Select(m => m.Name))}.", DefaultValueFactory = _ => "wanda" };
        var sparsity = new Option<string>("--sparsity", "-s") { Description = "The share of weights that go, such as 0.5, or 2:4 for two of every four.", DefaultValueFactory = _ => "0.5" };
        var experts = NumberOption.Create("--experts", "Instead of weights, remove whole experts until so many of each layer are left, the most used; 0 for weights.", 0, least: 0);
        var sequences = NumberOption.Create("--sequences", "Sequences to calibrate on.", 128, least: 1);
        var output = new Option<string?>("--output", "-o") { Description = "The checkpoint to write; without it, beside the model and with its name." };
        var force = new Option<bool>("--force") { Description = "Replace the file if it exists." };
        var command = new Command("prune", "Set weights of a model to zero, or remove whole experts, and report perplexity before and after.") { model, text, method, sparsity, experts, sequences, output, force };
        command.SetAction(parse => Failures.Report(() => Run(
            AnsiConsole.Console, parse.GetValue(model)!, parse.GetValue(text), PruningMethod.Parse(parse.GetValue(method)!), Pattern(parse.GetValue(sparsity)!), parse.GetValue(experts),
            parse.GetValue(sequences), parse.GetValue(output), parse.GetValue(force))));
        return command;
    }

    internal static PruningPattern Pattern(string text)
    {
        if (text.Split(':') is [var kept, var of] && int.TryParse(kept, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && int.TryParse(of, NumberStyles.None, CultureInfo.InvariantCulture, out var m) && n < m)
            return new(1 - (double)n / m, n, m);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1
            ? PruningPattern.Share(share)
            : throw new ArgumentException($"'{text}' is no sparsity: a share from 0 to 1 such as 0.5, or a pattern such as 2:4.");
    }

    internal static int Run(IAnsiConsole console, string path, string? text, PruningMethod method, PruningPattern pattern, int experts, int sequences, string? output, bool force)
    {
        if (text is null) throw new ArgumentException("Name a text with --calibrate (a file, or a corpus such as moby-dick): perplexity before and after is measured on its end, and methods look at the rest.");
        output ??= Path.ChangeExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), null) + "-pruned.safetensors";
        OutputPath.Check(output, path, force);
        using var source = ModelSource.Open(path);
        var tokenizer = source.Tokenizer ?? throw new InvalidDataException($"{path} has no tokenizer, so no text can be read with it.");
        var model = source.Load(asFloats: true);
        var ids = tokenizer.Encode(TrainingInputs.OpenCorpus(text).Text);
        var split = ids.Length * 9 / 10;
        var calibration = CalibrationText.From(ids.AsSpan(0, split), Math.Min(model.ContextLength, 2048), sequences);
        var held = ids.AsSpan(split, Math.Min(MostHeldTokens, ids.Length - split)).ToArray();
        var (before, count) = (Evaluation.PerplexityOf(model, held), model.CountParameters());
        if (experts > 0)
        {
            model = ExpertPruning.Prune(model, experts, calibration);
            console.WriteLine(FormattableString.Invariant($"{source.Config.MixtureOfExperts!.Experts - experts} of {source.Config.MixtureOfExperts.Experts} experts of each layer are gone: {model.CountParameters():N0} parameters, before {count:N0}."));
        }
        else
        {
            var mask = console.Progress().AutoClear(true).Start(progress =>
            {
                var task = progress.AddTask($"{source.Config.Name} by {method}", maxValue: ModelMatrix.Of(model).Count(PruningMethod.Inner));
                return method.Prune(model, pattern, calibration, done: _ => task.Increment(1));
            });
            console.WriteLine(FormattableString.Invariant($"{mask.Sparsity:P1} of {mask.Count:N0} weights in {mask.Matrices.Count()} matrices are gone."));
        }
        new ModelCheckpoint { Model = model, Tokenizer = tokenizer }.Save(output);
        console.WriteLine(FormattableString.Invariant($"Perplexity on {held.Length:N0} tokens at the text's end: {before:F3} before, {Evaluation.PerplexityOf(model, held):F3} after."));
        console.WriteLine($"Saved {Path.GetFullPath(output)}.");
        return 0;
    }
}
