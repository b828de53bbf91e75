using System.CommandLine;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Pruning;
using Mezcla.Training;
using Mezcla.Weights;
using Mezcla.Weights.Checkpoints;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla prune</c>: removes weights or experts from a model and writes it as a checkpoint.</summary>
internal static class PruneCommand
{
    private const int MostHeldOutTokens = 16384;

    public static Command Create()
    {
        var model =
            new Argument<string>(
                "MODEL")
            {
                Description = "A checkpoint written by 'mezcla train', the folder of a Hugging Face model (gpt2, llama, mistral or " +
                        "mixtral), or a GGUF file (gpt2 or llama)."
            };
        var text = new Option<string?>("--calibrate",
            "-c")
        {
            Description = "A text file, or a corpus that comes with Mezcla (required). The method uses its first nine tenths; " +
                    "perplexity before and after is measured on the rest."
        };
        var method = new Option<string>("--method",
            "-m")
        {
            Description = $"How the weights to remove are chosen: {string.Join(", ", PruningMethod.All.Select(m => m.Name))}.",
            DefaultValueFactory = _ => "wanda"
        };
        var sparsity = new Option<string>("--sparsity",
            "-s")
        {
            Description = "The fraction of weights to set to zero, from 0 to 1, or a pattern: 2:4 keeps two of every four weights.",
            DefaultValueFactory = _ => "0.5"
        };
        var experts = NumberOption.Create("--experts",
            "Remove whole experts instead of weights, until this many are left in each block: those that the text uses most. 0 removes " +
                "weights.", 0, least: 0);
        var sequences = NumberOption.Create("--sequences", "Number of sequences of that text that the method uses.", 128, least: 1);
        var output = new Option<string?>("--output",
            "-o")
        { Description = "The checkpoint to write. [default: beside the model, with -pruned added to its name]" };
        var force = new Option<bool>("--force") { Description = "Replace the file if it exists." };
        var command = new Command("prune",
            "Set weights of a model to zero, or remove whole experts. Writes a checkpoint and reports perplexity before and after.")
        {
            model, text, method, sparsity, experts, sequences, output, force,
        };
        command.SetAction(parse => Failures.Report(() => Run(
            AnsiConsole.Console, parse.GetValue(model)!, parse.GetValue(text), PruningMethod.Parse(parse.GetValue(method)!),
            Pattern(parse.GetValue(sparsity)!), parse.GetValue(experts),
            parse.GetValue(sequences), parse.GetValue(output), parse.GetValue(force))));
        return command;
    }

    internal static PruningPattern Pattern(string text)
    {
        if (text.Split(':') is [var kept, var of] && int.TryParse(kept, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            && int.TryParse(of, NumberStyles.None, CultureInfo.InvariantCulture, out var m) && n < m)
            return new(1 - (double)n / m, n, m);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1
            ? PruningPattern.Share(share)
            : throw new ArgumentException(
                $"--sparsity is '{text}'; it must be a fraction from 0 to 1, such as 0.5, or a pattern, such as 2:4.");
    }

    internal static int Run(IAnsiConsole console, string path, string? text, PruningMethod method, PruningPattern pattern, int experts,
        int sequences, string? output, bool force)
    {
        if (text is null)
            throw new ArgumentException(
                "Pruning needs a text: name a file, or a corpus such as moby-dick, with --calibrate. The method uses its first nine " +
                    "tenths; perplexity is measured on the rest.");
        output ??= Path.ChangeExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), null) + "-pruned.safetensors";
        OutputPath.Check(output, path, force);
        using var source = ModelSource.Open(path);
        var tokenizer = source.Tokenizer ?? throw new InvalidDataException($"{path} has no tokenizer, so it cannot be given a text.");
        var model = source.Load(asFloats: true);
        var ids = tokenizer.Encode(TrainingInputs.OpenCorpus(text).Text);
        var split = ids.Length * 9 / 10;
        var calibration = CalibrationText.From(ids.AsSpan(0, split), Math.Min(model.ContextLength, 2048), sequences);
        var heldOut = ids.AsSpan(split, Math.Min(MostHeldOutTokens, ids.Length - split)).ToArray();
        var (before, count) = (Evaluation.PerplexityOf(model, heldOut), model.CountParameters());
        if (experts > 0)
        {
            model = ExpertPruning.Prune(model, experts, calibration);
            console.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                    $"{source.Config.MixtureOfExperts!.Experts - experts} of {source.Config.MixtureOfExperts.Experts} experts of each " +
                        $"block were removed: {model.CountParameters():N0} parameters, {count:N0} before."));
        }
        else
        {
            var mask = console.Progress().AutoClear(true).Start(progress =>
            {
                var task = progress.AddTask($"{source.Config.Name} by {method}",
                    maxValue: ModelMatrix.Of(model).Count(PruningMethod.Inner));
                return method.Prune(model, pattern, calibration, done: _ => task.Increment(1));
            });
            console.WriteLine(
                FormattableString.Invariant(
                    $"{mask.Sparsity:P1} of {mask.Count:N0} weights in {mask.Matrices.Count()} matrices were set to zero."));
        }
        new ModelCheckpoint { Model = model, Tokenizer = tokenizer }.Save(output);
        console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"Perplexity on {heldOut.Length:N0} tokens at the text's end: {before:F3} " +
                    $"before, {Evaluation.PerplexityOf(model, heldOut):F3} after."));
        console.WriteLine($"Saved {Path.GetFullPath(output)}.");
        return 0;
    }
}
