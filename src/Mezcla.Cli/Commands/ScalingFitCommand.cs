using System.CommandLine;
using System.Globalization;
using Mezcla.Charts;
using Mezcla.Cli.Shared;
using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Laws;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>The options of <c>mezcla scaling fit</c>.</summary>
/// <param name="Columns">The columns of the table of runs.</param>
/// <param name="Options">The settings of the parametric fit, approach 3.</param>
/// <param name="Replicates">Number of bootstrap resamples; 0 for none.</param>
/// <param name="Seed">Seed of the bootstrap.</param>
/// <param name="Compute">A compute budget, in FLOPs, to divide with the fitted law; null for none.</param>
/// <param name="Residuals">The SVG file to draw the residuals in; null for none.</param>
internal sealed record ScalingFitRequest(
    RunColumns Columns, ChinchillaFitOptions Options, int Replicates, int Seed, double? Compute, FileInfo? Residuals);

/// <summary><c>mezcla scaling fit</c>: fits scaling laws to a table of trainings.</summary>
internal static class ScalingFitCommand
{
    public static Command Create()
    {
        var file =
            new Argument<FileInfo>(
                "FILE")
            {
                Description = "The trainings: a CSV file whose header names columns for parameters, tokens or FLOPs, and loss, or " +
                        "the .jsonl file of a sweep."
            };
        Option<string?> parameters =
            new("--parameters") { Description = "Name of the column with the number of parameters. [default: found by its usual names]" };
        Option<string?> tokens =
            new("--tokens") { Description = "Name of the column with the number of training tokens. [default: found by its usual names]" };
        Option<string?> flops =
            new("--flops") { Description = "Name of the column with the training FLOPs. [default: found by its usual names]" };
        Option<string?> loss =
            new("--loss") { Description = "Name of the column with the loss, in nats per token. [default: found by its usual names]" };
        Option<string?> where =
            new("--where") { Description = "Use only rows that have this value in a column, such as kind=moe. [default: all rows]" };
        Option<int> bootstrap =
            new(
                "--bootstrap")
            {
                Description = "Number of bootstrap resamples for the intervals: 0 for no intervals, 4000 for results to publish.",
                DefaultValueFactory = _ => 400
            };
        Option<int> seed = new("--seed") { Description = "Seed of the random numbers for the bootstrap.", DefaultValueFactory = _ => 0 };
        Option<int> starts =
            new("--starts")
            {
                Description = "Number of starting points of the optimizer: the best ones of a grid of 4,500.",
                DefaultValueFactory = _ => 150
            };
        Option<int> drop = new("--drop-highest")
        {
            Description = "Leave out this many trainings with the highest loss.",
            DefaultValueFactory = _ => 0
        };
        Option<double> delta =
            new(
                "--huber")
            {
                Description =
                        "Huber loss parameter: residuals of the logarithm of the loss above this count linearly instead of squared.",
                DefaultValueFactory = _ => 1e-3
            };
        Option<double?> at = new("--at") { Description = "Divide this compute budget, in FLOPs, with the fitted law. [default: none]" };
        Option<FileInfo?> residuals = new("--residuals") { Description = "Draw the residuals in this SVG file. [default: none]" };
        var command = new Command("fit", "Fit scaling laws to your trainings: Hoffmann's three approaches and Kaplan's power laws.")
        {
            file, parameters, tokens, flops, loss, where, bootstrap, seed, starts, drop, delta, at, residuals,
        };
        command.SetAction(parse => Failures.Report(() => Fit(
            AnsiConsole.Console,
            parse.GetValue(file)!,
            new(
                new(parse.GetValue(parameters), parse.GetValue(tokens), parse.GetValue(flops), parse.GetValue(loss), parse.GetValue(where)),
                new() { Starts = parse.GetValue(starts), DropHighest = parse.GetValue(drop), HuberDelta = parse.GetValue(delta) },
                parse.GetValue(bootstrap),
                parse.GetValue(seed),
                parse.GetValue(at),
                parse.GetValue(residuals)))));
        return command;
    }

    internal static int Fit(IAnsiConsole console, FileInfo file, ScalingFitRequest request)
    {
        if (request.Replicates is 1 or < 0)
            throw new ArgumentException($"--bootstrap is {request.Replicates}; it must be 0, or 2 or more.");
        if (!(request.Options.HuberDelta > 0))
            throw new ArgumentException(FormattableString.Invariant($"--huber is {request.Options.HuberDelta}; it must be above zero."));
        var table = RunTable.Read(file.FullName, request.Columns);
        console.WriteLine($"{table.Runs.Count} runs read from {file.Name}.");
        foreach (BadRow row in table.BadRows.Take(20))
            console.WriteLine($"Line {row.Line} is left out: {row.Why}.");
        if (table.BadRows.Count > 20)
            console.WriteLine($"And {table.BadRows.Count - 20} more.");

        var fit = ChinchillaFit.Fit(table.Runs, request.Options);
        ShowConstants(console, fit, request);
        ShowFrontier(console, "Approach 1 (envelope of curves)", () => FrontierFit.Envelope(table.Runs));
        ShowFrontier(console, "Approach 2 (isoFLOP parabolas)", () => FrontierFit.IsoFlop(table.Runs));
        ShowPowerLaw(console, "L(N)", () => KaplanFit.OfParameters(table.Runs));
        ShowPowerLaw(console, "L(D)", () => KaplanFit.OfTokens(table.Runs));
        ShowPowerLaw(console, "L(C), PF-days", () => KaplanFit.OfCompute(table.Runs));
        if (request.Compute is { } compute)
        {
            if (!(compute > 0) || !double.IsFinite(compute))
                throw new ArgumentException(FormattableString.Invariant($"--at is {compute}; it must be a number of FLOPs above zero."));
            Allocation best = fit.Law.Optimal(compute);
            console.WriteLine(
                $"{ScalingCommand.Scientific(compute)} FLOPs are best spent on {ScalingCommand.Scientific(best.Parameters)} parameters " +
                    $"and {ScalingCommand.Scientific(best.Tokens)} tokens, "
                +
                $"{best.TokensPerParameter.ToString("0.#", CultureInfo.InvariantCulture)} tokens per parameter, for a loss " +
                $"of {best.Loss!.Value.ToString("0.000", CultureInfo.InvariantCulture)} nats.");
        }

        if (request.Residuals is { } svg)
        {
            File.WriteAllText(svg.FullName, Draw(fit).ToSvg());
            console.WriteLine($"Saved a chart of the residuals: {svg.FullName}.");
        }

        return 0;
    }

    private static void ShowConstants(IAnsiConsole console, ChinchillaFit fit, ScalingFitRequest request)
    {
        console.WriteLine(
            $"Approach 3: L = E + A/N^α + B/D^β on {fit.Residuals.Count} runs; residuals {Rounded(fit.RootMeanSquare)} nats (root mean " +
                $"square)"
            + (fit.Converged ? "." : "; the optimizer reached its limit of steps before it converged, so the constants may be inexact."));
        if (request.Replicates == 0)
        {
            Table plain = ScalingCommand.NumberTable("constant", "value");
            foreach (var (name, value) in ((string, double)[])
                [("A", fit.Law.ParameterCoefficient), ("B", fit.Law.TokenCoefficient), ("E", fit.Law.Irreducible),
                    ("α", fit.Law.ParameterExponent),
                    ("β", fit.Law.TokenExponent), ("a", fit.Law.SizeExponent), ("b", fit.Law.DataExponent)])
                plain.AddRow(name, Rounded(value));
            console.Write(plain);
            return;
        }

        IReadOnlyList<BootstrapInterval> intervals = [];
        console.Progress().AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask($"bootstrap, {request.Replicates} resamples", maxValue: 1);
            intervals = Bootstrap.Of(fit, request.Replicates, request.Seed, huberDelta: request.Options.HuberDelta,
                progress: new TaskProgress(task));
        });
        Table table = ScalingCommand.NumberTable("constant", "value", "standard error", "95 % from", "to");
        foreach (BootstrapInterval interval in intervals)
            table.AddRow(interval.Name, Rounded(interval.Estimate), Rounded(interval.StandardError), Rounded(interval.Low),
                Rounded(interval.High));
        console.Write(table);
    }

    private static void ShowFrontier(IAnsiConsole console, string name, Func<FrontierFit> fit)
    {
        try
        {
            FrontierFit found = fit();
            console.WriteLine(
                $"{name}: N grows as C^{Rounded(found.SizeExponent)}, D as C^{Rounded(found.DataExponent)} ({found.Points.Count} " +
                    $"budgets).");
            foreach (var omitted in found.Omitted)
                console.WriteLine($"  left out: {omitted}");
        }
        catch (FitException error)
        {
            console.WriteLine($"{name}: not from these runs. {error.Message}");
        }
    }

    private static void ShowPowerLaw(IAnsiConsole console, string name, Func<KaplanFit> fit)
    {
        try
        {
            KaplanFit found = fit();
            console.WriteLine(
                $"Kaplan's {name}: ({ScalingCommand.Scientific(found.Law.Scale)}/x)^{Rounded(found.Law.Exponent)}, " +
                    $"R² {Rounded(found.RSquared)} on {found.Points.Count} points.");
        }
        catch (FitException error)
        {
            console.WriteLine($"Kaplan's {name}: not from these runs. {error.Message}");
        }
    }

    private static Chart Draw(ChinchillaFit fit) =>
        Chart.Scatter("Residuals of L = E + A/N^α + B/D^β", "training compute, FLOPs", "measured less predicted, nats").LogX()
        .Points("runs", fit.Residuals.Select(residual => residual.Run.Compute), fit.Residuals.Select(residual => residual.Difference),
            fit.Residuals.Select(
                residual =>
                    $"{ScalingCommand.Scientific(residual.Run.Parameters)} parameters, {ScalingCommand.Scientific(residual.Run.Tokens)} " +
                        "tokens"));

    private static string Rounded(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private sealed class TaskProgress(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
