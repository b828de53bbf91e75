using System.CommandLine;
using System.Globalization;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Presets;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>The command <c>mezcla scaling</c>: what a model takes, how to spend compute, and laws fitted to runs.</summary>
internal static class ScalingCommand
{
    public static Command Create()
    {
        var command = new Command("scaling", "Count what a model takes, split a compute budget, fit scaling laws to runs.");
        command.Subcommands.Add(ScalingFitCommand.Create());
        command.Subcommands.Add(ScalingSweepCommand.Create());
        command.Subcommands.Add(Model());
        command.Subcommands.Add(Optimal());
        return command;
    }

    private static Command Model()
    {
        var name = new Argument<string?>("name") { Description = "A preset such as mixtral-8x7b; without one, all presets.", Arity = ArgumentArity.ZeroOrOne };
        var context = new Option<int>("--context") { Description = "Length of the sequence, tokens; 0 for the model's own, up to 8192." };
        var chip = new Option<string>("--chip") { Description = "A100, A100-40GB, H100, H200, B200, V100 or TPUv4.", DefaultValueFactory = _ => "H100" };
        var command = new Command("model", "Exact parameters, FLOPs and memory of a published shape.") { name, context, chip };
        command.SetAction(parse => Failures.Report(() => parse.GetValue(name) is { } wanted
            ? Describe(AnsiConsole.Console, TransformerPresets.Get(wanted), parse.GetValue(context), Chip.Get(parse.GetValue(chip)!))
            : ListPresets(AnsiConsole.Console)));
        return command;
    }

    private static Command Optimal()
    {
        var compute = new Argument<double>("flops") { Description = "Training compute, such as 5.76e23." };
        var command = new Command("optimal", "The best size and data for a compute budget, by every law.") { compute };
        command.SetAction(parse => Failures.Report(() => Split(AnsiConsole.Console, parse.GetValue(compute))));
        return command;
    }

    internal static int ListPresets(IAnsiConsole console)
    {
        Table table = NumberTable("preset", "parameters", "active");
        foreach (TransformerConfig config in TransformerPresets.All)
        {
            ParameterCount count = ParameterCount.Of(config);
            table.AddRow(config.Name, N0(count.Total), N0(count.Active));
        }

        console.Write(table);
        return 0;
    }

    internal static int Describe(IAnsiConsole console, TransformerConfig config, int context, Chip chip)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(context);
        if (context == 0) context = Math.Min(config.ContextLength, 8192);
        ParameterCount count = ParameterCount.Of(config);
        Table parameters = NumberTable("parameters", "all", "a token uses");
        foreach (ParameterPart part in count.Parts) parameters.AddRow(part.Part, N0(part.Total), N0(part.Active));
        parameters.AddRow("all", N0(count.Total), N0(count.Active));
        console.Write(parameters);

        FlopCount flops = FlopCount.Of(config, context);
        Table perToken = NumberTable($"FLOPs per token at {context.ToString(CultureInfo.InvariantCulture)} tokens", "forward", "share");
        foreach (FlopPart part in flops.Parts) perToken.AddRow(part.Part, N0(part.Flops / context), $"{(part.Flops / flops.Forward).ToString("P1", CultureInfo.InvariantCulture)}");
        perToken.AddRow("forward", N0(flops.ForwardPerToken), "");
        perToken.AddRow("training", N0(flops.TrainingPerToken), "");
        console.Write(perToken);

        Table memory = NumberTable("memory", "bytes", $"{chip.Name}s to hold it");
        foreach (string format in (string[])["BF16", "Q8_0", "Q4_K"])
        {
            double bytes = WeightFormat.Get(format).Bytes(count.Total);
            memory.AddRow($"weights, {format}", N0(bytes), N0(MemoryEstimate.GpusFor(bytes, chip)));
        }

        double training = MemoryEstimate.MixedPrecisionAdamBytes(count.Total), cache = MemoryEstimate.KeyValueBytes(config, context);
        memory.AddRow("weights, gradients and Adam, mixed precision", N0(training), N0(MemoryEstimate.GpusFor(training, chip)));
        memory.AddRow("key/value cache of one sequence, BF16", N0(cache), "");
        console.Write(memory);

        int chips = MemoryEstimate.GpusFor(WeightFormat.Get("BF16").Bytes(count.Total), chip);
        Table speed = NumberTable($"bounds on {chips.ToString(CultureInfo.InvariantCulture)} {chip.Name}, BF16", "tokens/s", "FLOPs/byte", "bound by");
        foreach (int batch in (int[])[1, 16, 256])
            AddSpeed(speed, $"writing, {batch} at once", InferenceEstimate.Decode(config, chip, WeightFormat.Get("BF16"), batch, context, chips));
        AddSpeed(speed, "reading", InferenceEstimate.Prefill(config, chip, WeightFormat.Get("BF16"), context, 1, chips));
        console.Write(speed);
        console.WriteLine("Bounds are what the chip's memory and arithmetic allow, communication left out; programs are slower.");
        if (config.Name.StartsWith("gpt4-rumour", StringComparison.Ordinal)) console.WriteLine("All of this is RUMOUR: nobody who could know has confirmed any of it.");
        return 0;
    }

    internal static int Split(IAnsiConsole console, double compute)
    {
        if (!(compute > 0) || !double.IsFinite(compute)) throw new ArgumentException("Compute must be a number of FLOPs above zero, such as 5.76e23.");
        Table table = NumberTable("law", "parameters", "tokens", "tokens/parameter", "loss");
        IAllocationLaw[] laws =
        [
            Kaplan.Joint, HoffmannTables.Approach1, HoffmannTables.Approach2, ChinchillaLaw.Hoffmann, ChinchillaLaw.HoffmannRounded, ChinchillaLaw.Besiroglu, TokenLaw.Llama3,
        ];
        foreach (IAllocationLaw law in laws)
        {
            Allocation best = law.Optimal(compute);
            table.AddRow(law.Name, E(best.Parameters), E(best.Tokens), best.TokensPerParameter.ToString("0.0", CultureInfo.InvariantCulture),
                best.Loss?.ToString("0.000", CultureInfo.InvariantCulture) ?? "");
        }

        console.Write(table);
        console.WriteLine("Kaplan's parameters leave out embeddings. Losses of different laws are of different texts and vocabularies: do not compare them.");
        return 0;
    }

    /// <summary>A table whose columns after the first hold numbers.</summary>
    internal static Table NumberTable(string first, params string[] others)
    {
        var table = new Table();
        table.AddColumn(first);
        foreach (string other in others) table.AddColumn(new TableColumn(other).RightAligned().NoWrap());
        return table;
    }

    internal static string E(double value) => value.ToString("0.00e+0", CultureInfo.InvariantCulture);

    private static string N0(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static void AddSpeed(Table table, string what, InferenceEstimate estimate) => table.AddRow(
        what, N0(estimate.TokensPerSecond), estimate.Intensity.ToString("#,0.0", CultureInfo.InvariantCulture), estimate.MemoryBound ? "memory" : "arithmetic");
}
