using System.CommandLine;
using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Laws;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>What <c>mezcla scaling fit</c> is asked to do.</summary>
/// <param name="Columns">Which columns hold what.</param>
/// <param name="Options">How approach 3 works.</param>
/// <param name="Replicates">Resamples of the bootstrap; 0 for none.</param>
/// <param name="Seed">Where its random numbers begin.</param>
/// <param name="Compute">A budget to split with the fitted law; null for none.</param>
/// <param name="Residuals">Where to draw the residuals; null for nowhere.</param>
internal sealed record ScalingFitRequest(
    RunColumns Columns, ChinchillaFitOptions Options, int Replicates, int Seed, double? Compute, FileInfo? Residuals);

/// <summary>The command <c>mezcla scaling fit</c>: scaling laws from a CSV file of runs.</summary>
internal static class ScalingFitCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "CSV with a header (parameters, tokens or FLOPs, loss), or the .jsonl of a sweep." };
        Option<string?> parameters = new("--parameters") { Description = "Name of the column of model sizes." };
        Option<string?> tokens = new("--tokens") { Description = "Name of the column of token counts." };
        Option<string?> flops = new("--flops") { Description = "Name of the column of training FLOPs." };
        Option<string?> loss = new("--loss") { Description = "Name of the column of losses, in nats per token." };
        Option<string?> where = new("--where") { Description = "Take only rows with this value in a column, such as kind=moe." };
        Option<int> bootstrap = new("--bootstrap") { Description = "Resamples for intervals; 0 for none, 4000 to publish.", DefaultValueFactory = _ => 400 };
        Option<int> seed = new("--seed") { Description = "Seed of the resamples." };
        Option<int> starts = new("--starts") { Description = "Starts of the optimizer, the best of a grid of 4,500; 4500 for all.", DefaultValueFactory = _ => 150 };
        Option<int> drop = new("--drop-highest") { Description = "Leave out this many runs of highest loss." };
        Option<double> delta = new("--huber") { Description = "Residuals of log loss beyond this count linearly.", DefaultValueFactory = _ => 1e-3 };
        Option<double?> at = new("--at") { Description = "Split this compute, in FLOPs, with the fitted law." };
        Option<FileInfo?> residuals = new("--residuals") { Description = "Draw the residuals into this SVG file." };
        var command = new Command("fit", "Fit scaling laws to your runs: Hoffmann's three approaches and Kaplan's lines.")
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
        if (request.Replicates is 1 or < 0) throw new ArgumentException("--bootstrap takes 0 or at least 2 resamples.");
        if (!(request.Options.HuberDelta > 0)) throw new ArgumentException("--huber takes a number above zero.");
        RunTable table = RunTable.Read(file.FullName, request.Columns);
        console.WriteLine($"{table.Runs.Count} runs read from {file.Name}.");
        foreach (BadRow row in table.BadRows.Take(20)) console.WriteLine($"Line {row.Line} is left out: {row.Why}.");
        if (table.BadRows.Count > 20) console.WriteLine($"And {table.BadRows.Count - 20} more.");

        ChinchillaFit fit = ChinchillaFit.Fit(table.Runs, request.Options);
        ShowConstants(console, fit, request);
        Frontier(console, "Approach 1 (envelope of curves)", () => FrontierFit.Envelope(table.Runs));
        Frontier(console, "Approach 2 (isoFLOP parabolas)", () => FrontierFit.IsoFlop(table.Runs));
        Line(console, "L(N)", () => KaplanFit.OfParameters(table.Runs));
        Line(console, "L(D)", () => KaplanFit.OfTokens(table.Runs));
        Line(console, "L(C), PF-days", () => KaplanFit.OfCompute(table.Runs));
        if (request.Compute is { } compute)
        {
            if (!(compute > 0) || !double.IsFinite(compute)) throw new ArgumentException("--at takes a number of FLOPs above zero.");
            Allocation best = fit.Law.Optimal(compute);
            console.WriteLine($"{ScalingCommand.E(compute)} FLOPs are best spent on {ScalingCommand.E(best.Parameters)} parameters and {ScalingCommand.E(best.Tokens)} tokens, "
                + $"{best.TokensPerParameter.ToString("0.#", CultureInfo.InvariantCulture)} for each, for a loss of {best.Loss!.Value.ToString("0.000", CultureInfo.InvariantCulture)} nats.");
        }

        if (request.Residuals is { } svg)
        {
            File.WriteAllText(svg.FullName, Draw(fit).ToSvg());
            console.WriteLine($"Residuals are drawn in {svg.FullName}.");
        }

        return 0;
    }

    private static void ShowConstants(IAnsiConsole console, ChinchillaFit fit, ScalingFitRequest request)
    {
        console.WriteLine($"Approach 3: L = E + A/N^α + B/D^β on {fit.Residuals.Count} runs; residuals {F(fit.RootMeanSquare)} nats (root mean square)"
            + (fit.Converged ? "." : "; the optimizer stopped at its limit of steps, so take the constants with care."));
        if (request.Replicates == 0)
        {
            Table plain = ScalingCommand.NumberTable("constant", "value");
            foreach ((string name, double value) in ((string, double)[])
                [("A", fit.Law.ParameterCoefficient), ("B", fit.Law.TokenCoefficient), ("E", fit.Law.Irreducible), ("α", fit.Law.ParameterExponent),
                    ("β", fit.Law.TokenExponent), ("a", fit.Law.SizeExponent), ("b", fit.Law.DataExponent)]) plain.AddRow(name, F(value));
            console.Write(plain);
            return;
        }

        IReadOnlyList<BootstrapInterval> intervals = [];
        console.Progress().AutoClear(true).Start(context =>
        {
            ProgressTask task = context.AddTask($"bootstrap, {request.Replicates} resamples", maxValue: 1);
            intervals = Bootstrap.Of(fit, request.Replicates, request.Seed, huberDelta: request.Options.HuberDelta, progress: new Reporter(task));
        });
        Table table = ScalingCommand.NumberTable("constant", "value", "standard error", "95 % from", "to");
        foreach (BootstrapInterval interval in intervals) table.AddRow(interval.Name, F(interval.Estimate), F(interval.StandardError), F(interval.Low), F(interval.High));
        console.Write(table);
    }

    private static void Frontier(IAnsiConsole console, string name, Func<FrontierFit> fit)
    {
        try
        {
            FrontierFit found = fit();
            console.WriteLine($"{name}: N grows as C^{F(found.SizeExponent)}, D as C^{F(found.DataExponent)} ({found.Points.Count} budgets).");
            foreach (string omitted in found.Omitted) console.WriteLine($"  left out: {omitted}");
        }
        catch (FitException error)
        {
            console.WriteLine($"{name}: not from these runs. {error.Message}");
        }
    }

    private static void Line(IAnsiConsole console, string name, Func<KaplanFit> fit)
    {
        try
        {
            KaplanFit found = fit();
            console.WriteLine($"Kaplan's {name}: ({ScalingCommand.E(found.Law.Scale)}/x)^{F(found.Law.Exponent)}, R² {F(found.RSquared)} on {found.Points.Count} points.");
        }
        catch (FitException error)
        {
            console.WriteLine($"Kaplan's {name}: not from these runs. {error.Message}");
        }
    }

    private static Chart Draw(ChinchillaFit fit) => Chart.Scatter("Residuals of L = E + A/N^α + B/D^β", "training compute, FLOPs", "measured less predicted, nats").LogX()
        .Points("runs", fit.Residuals.Select(residual => residual.Run.Compute), fit.Residuals.Select(residual => residual.Difference),
            fit.Residuals.Select(residual => $"{ScalingCommand.E(residual.Run.Parameters)} parameters, {ScalingCommand.E(residual.Run.Tokens)} tokens"));

    private static string F(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private sealed class Reporter(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
