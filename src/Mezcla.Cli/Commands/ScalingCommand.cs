using System.CommandLine;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Presets;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla scaling</c>: counts parameters and FLOPs, divides a compute budget, and fits scaling laws to trainings.</summary>
internal static class ScalingCommand
{
    public static Command Create()
    {
        var command = new Command("scaling",
            "Count a model's parameters, FLOPs and memory, divide a compute budget, and fit scaling laws to trainings.");
        command.Subcommands.Add(ScalingFitCommand.Create());
        command.Subcommands.Add(ScalingSweepCommand.Create());
        command.Subcommands.Add(Model());
        command.Subcommands.Add(Optimal());
        return command;
    }

    private static Command Model()
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "A preset, such as mixtral-8x7b. [default: list all presets]",
            Arity = ArgumentArity.ZeroOrOne
        };
        var context =
            new Option<int>(
                "--context")
            {
                Description = "Length of the sequence, in tokens; 0 for the model's context length, at most 8192.",
                DefaultValueFactory = _ => 0
            };
        var chip =
            new Option<string>(
                "--chip")
            {
                Description = "The chip to compute bounds for: A100, A100-40GB, H100, H200, B200, V100 or TPUv4.",
                DefaultValueFactory = _ => "H100"
            };
        var command = new Command("model",
            "Show the exact number of parameters, the FLOPs and the memory of a published model.") { name, context, chip };
        command.SetAction(parse => Failures.Report(() => parse.GetValue(name) is { } wanted
            ? Describe(AnsiConsole.Console, TransformerPresets.Get(wanted), parse.GetValue(context), Chip.Get(parse.GetValue(chip)!))
            : ListPresets(AnsiConsole.Console)));
        return command;
    }

    private static Command Optimal()
    {
        var compute = new Argument<double>("FLOPS") { Description = "Compute budget of the training, in FLOPs, such as 5.76e23." };
        var command = new Command("optimal",
            "Show the best model size and number of training tokens for a compute budget, according to every law.") { compute };
        command.SetAction(parse => Failures.Report(() => Split(AnsiConsole.Console, parse.GetValue(compute))));
        return command;
    }

    internal static int ListPresets(IAnsiConsole console)
    {
        Table table = NumberTable("preset", "parameters", "active");
        foreach (TransformerConfig config in TransformerPresets.All)
        {
            var count = ParameterCount.Of(config);
            table.AddRow(config.Name, N0(count.Total), N0(count.Active));
        }

        console.Write(table);
        return 0;
    }

    internal static int Describe(IAnsiConsole console, TransformerConfig config, int context, Chip chip)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(context);
        if (context == 0)
            context = Math.Min(config.ContextLength, 8192);
        var count = ParameterCount.Of(config);
        Table parameters = NumberTable("parameters", "all", "a token uses");
        foreach (ParameterPart part in count.Parts)
            parameters.AddRow(part.Part, N0(part.Total), N0(part.Active));
        parameters.AddRow("all", N0(count.Total), N0(count.Active));
        console.Write(parameters);

        var flops = FlopCount.Of(config, context);
        Table perToken = NumberTable($"FLOPs per token at {context.ToString(CultureInfo.InvariantCulture)} tokens", "forward", "share");
        foreach (FlopPart part in flops.Parts)
            perToken.AddRow(part.Part, N0(part.Flops / context),
                $"{(part.Flops / flops.Forward).ToString("P1", CultureInfo.InvariantCulture)}");
        perToken.AddRow("forward", N0(flops.ForwardPerToken), "");
        perToken.AddRow("training", N0(flops.TrainingPerToken), "");
        console.Write(perToken);

        Table memory = NumberTable("memory", "bytes", $"{chip.Name}s to hold it");
        foreach (var format in (string[])["BF16", "Q8_0", "Q4_K"])
        {
            var bytes = WeightFormat.Get(format).Bytes(count.Total);
            memory.AddRow($"weights, {format}", N0(bytes), N0(MemoryEstimate.GpusFor(bytes, chip)));
        }

        double training = MemoryEstimate.MixedPrecisionAdamBytes(count.Total), cache = MemoryEstimate.KeyValueBytes(config, context);
        memory.AddRow("weights, gradients and Adam, mixed precision", N0(training), N0(MemoryEstimate.GpusFor(training, chip)));
        memory.AddRow("key/value cache of one sequence, BF16", N0(cache), "");
        console.Write(memory);

        var chips = MemoryEstimate.GpusFor(WeightFormat.Get("BF16").Bytes(count.Total), chip);
        Table speed = NumberTable($"bounds on {chips.ToString(CultureInfo.InvariantCulture)} {chip.Name}, BF16", "tokens/s", "FLOPs/byte",
            "bound by");
        foreach (var batch in (int[])[1, 16, 256])
            AddSpeed(speed, $"writing, {batch} at once",
                InferenceEstimate.Decode(config, chip, WeightFormat.Get("BF16"), batch, context, chips));
        AddSpeed(speed, "reading", InferenceEstimate.Prefill(config, chip, WeightFormat.Get("BF16"), context, 1, chips));
        console.Write(speed);
        console.WriteLine(
            "The bounds follow from the chip's memory bandwidth and arithmetic alone, without communication; real programs are slower.");
        if (config.Name.StartsWith("gpt4-rumour", StringComparison.Ordinal))
            console.WriteLine("All of this is RUMOUR: OpenAI has confirmed none of it.");
        return 0;
    }

    internal static int Split(IAnsiConsole console, double compute)
    {
        if (!(compute > 0) || !double.IsFinite(compute))
            throw new ArgumentException("FLOPS must be a number above zero, such as 5.76e23.");
        Table table = NumberTable("law", "parameters", "tokens", "tokens/parameter", "loss");
        IAllocationLaw[] laws =
        [
            Kaplan.Joint, HoffmannTables.Approach1, HoffmannTables.Approach2, ChinchillaLaw.Hoffmann, ChinchillaLaw.HoffmannRounded,
            ChinchillaLaw.Besiroglu, TokenLaw.Llama3,
        ];
        foreach (IAllocationLaw law in laws)
        {
            Allocation best = law.Optimal(compute);
            table.AddRow(law.Name, Scientific(best.Parameters), Scientific(best.Tokens),
                best.TokensPerParameter.ToString("0.0", CultureInfo.InvariantCulture),
                best.Loss?.ToString("0.000", CultureInfo.InvariantCulture) ?? "");
        }

        console.Write(table);
        console.WriteLine(
            "Kaplan's numbers of parameters do not include embeddings. The laws were fitted to different texts and vocabularies, so " +
                "their losses cannot be compared.");
        return 0;
    }

    /// <summary>A table whose columns after the first hold numbers.</summary>
    internal static Table NumberTable(string first, params string[] others)
    {
        var table = new Table();
        table.AddColumn(first);
        foreach (var other in others)
            table.AddColumn(new TableColumn(other).RightAligned().NoWrap());
        return table;
    }

    internal static string Scientific(double value) => value.ToString("0.00e+0", CultureInfo.InvariantCulture);

    private static string N0(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static void AddSpeed(Table table, string what, InferenceEstimate estimate) => table.AddRow(
        what, N0(estimate.TokensPerSecond), estimate.Intensity.ToString("#,0.0", CultureInfo.InvariantCulture),
        estimate.MemoryBound ? "memory" : "arithmetic");
}
