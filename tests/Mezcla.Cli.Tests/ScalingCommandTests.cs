using System.Globalization;
using Mezcla.Cli.Commands;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Claims;
using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Presets;
using Spectre.Console.Testing;

namespace Mezcla.Cli.Tests;

public sealed class ScalingCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-scaling").FullName;
    private readonly TestConsole _console = new() { Profile = { Width = 160 } };

    public void Dispose()
    {
        _console.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private FileInfo Runs()
    {
        var path = Path.Combine(_folder, "runs.csv");
        ChinchillaLaw law = ChinchillaLaw.Besiroglu;
        var lines = new List<string> { "size,seen,final" };
        foreach (var budget in (double[])[1e18, 1e19, 1e20, 1e21])
        {
            for (var i = 0; i < 9; i++)
            {
                double n = law.Optimal(budget).Parameters * Math.Pow(10, -1 + i / 4.0), d = budget / (6 * n);
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"{n},{d},{law.Evaluate(n, d)}"));
            }
        }

        lines.Add("what,1,2");
        File.WriteAllLines(path, lines);
        return new(path);
    }

    [Fact]
    public void Fit_reads_named_columns_names_bad_rows_and_finds_the_constants()
    {
        var svg = new FileInfo(Path.Combine(_folder, "residuals.svg"));
        var request = new ScalingFitRequest(new("size", "seen", null, "final"), new() { Starts = 20 }, 10, 1, 5.76e23, svg);
        Assert.Equal(0, ScalingFitCommand.Fit(_console, Runs(), request));
        Assert.Contains("36 runs read from runs.csv.", _console.Output);
        Assert.Contains("Line 38 is left out: 'what' in column 'size' is not a number.", _console.Output);
        Assert.Contains("0.3478", _console.Output);
        Assert.Contains("standard error", _console.Output);
        Assert.Contains("Approach 1 (envelope of curves): not from these runs.", _console.Output);
        Assert.Contains("Approach 2 (isoFLOP parabolas): N grows as C^0.51", _console.Output);
        Assert.Contains("5.76e+23 FLOPs are best spent on 7.2", _console.Output);
        Assert.StartsWith("<svg", File.ReadAllText(svg.FullName));
    }

    [Fact]
    public void Fit_without_resamples_shows_the_constants_alone()
    {
        ScalingFitCommand.Fit(_console, Runs(), new(new("size", "seen", null, "final"), new() { Starts = 20 }, 0, 1, null, null));
        Assert.DoesNotContain("standard error", _console.Output);
        Assert.Throws<ArgumentException>(() => ScalingFitCommand.Fit(_console, Runs(), new(new(), new(), 1, 0, null, null)));
        Assert.Throws<FitException>(() => ScalingFitCommand.Fit(_console, Runs(), new(new(), new(), 0, 0, null, null)));
    }

    [Fact]
    public void Model_counts_and_bounds()
    {
        Assert.Equal(0, ScalingCommand.Describe(_console, TransformerPresets.Get("mixtral-8x7b"), 4096, Chip.Get("H100")));
        Assert.Contains("46,702,792,704", _console.Output);
        Assert.Contains("12,879,925,248", _console.Output);
        Assert.Contains("writing, 1 at once", _console.Output);
        Assert.DoesNotContain("RUMOUR", _console.Output);
        ScalingCommand.Describe(_console, TransformerPresets.Get("gpt4-rumour"), 0, Chip.Get("A100"));
        Assert.Contains("RUMOUR", _console.Output);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => ScalingCommand.Describe(_console, TransformerPresets.Get("gpt2"), -1, Chip.Get("A100")));
    }

    [Fact]
    public void Every_preset_is_listed_and_can_be_described()
    {
        ScalingCommand.ListPresets(_console);
        foreach (TransformerConfig config in TransformerPresets.All)
        {
            Assert.Contains(config.Name, _console.Output);
            Assert.Equal(0, ScalingCommand.Describe(_console, config, 0, Chip.Get("H200")));
        }
    }

    [Fact]
    public void Optimal_splits_by_every_law()
    {
        Assert.Equal(0, ScalingCommand.Split(_console, 5.76e23));
        Assert.Contains("4.04e+10", _console.Output);
        Assert.Contains("Besiroglu", _console.Output);
        Assert.Throws<ArgumentException>(() => ScalingCommand.Split(_console, -1));
    }

    [Fact]
    public void Claims_that_ship_are_shown_with_their_verdicts()
    {
        Assert.Equal(0, ClaimsCommand.Show(_console, ClaimFile.Shipped));
        Assert.Contains("does not hold", _console.Output);
        Assert.Contains("These statements cannot all be true:", _console.Output);
        Assert.Contains("hold, ", _console.Output);
        Assert.Contains("(rumour)", _console.Output);
        Assert.Contains("quoted;", _console.Output);
        Assert.Contains("«tienen", _console.Output);
        Assert.Contains("(“they", _console.Output);
        Assert.Contains("Tolerance ±", _console.Output);
    }

    [Fact]
    public void A_file_of_ones_own_with_errors_is_shown_all_the_same()
    {
        var file = ClaimFile.Parse("""
            claim: 2 + = 4
            claim: [red]2[/] = 2
            statement: experts = 16
            statement: expert = 1e9
            statement: shared = 0
            statement: broken = (
            """);
        Assert.Equal(0, ClaimsCommand.Show(_console, [file]));
        Assert.Contains("line 1, expression, column 4", _console.Output);
        Assert.Contains("Cannot be read: broken = (", _console.Output);
        Assert.Contains("The statements can all be true.", _console.Output);
        Assert.Contains("total", _console.Output);
    }

    [Fact]
    public void A_sweep_is_planned_written_for_a_cluster_trained_and_fitted()
    {
        string text = Path.Combine(_folder, "text.txt"), output = Path.Combine(_folder, "sweep.jsonl"),
            script = Path.Combine(_folder, "job.sh");
        File.WriteAllText(text, string.Join(' ', Enumerable.Range(0, 9000).Select(i => $"word{i * i % 97}")));
        string[] arguments = ["sweep", "--data", text, "--output", output, "--budgets", "3e8", "6e8", "--largest", "20e3", "--sizes", "4",
            "--context", "16", "--kinds", "dense"];
        int Invoke(params string[] more) => ScalingCommand.Create().Parse([.. arguments, .. more]).Invoke();
        Assert.Equal(0, Invoke("--plan"));
        Assert.Equal(0, Invoke("--slurm", script));
        Assert.Contains($"--output {output} --data", File.ReadAllText(script).Replace("'", ""));
        Assert.Contains("--budgets 3e8 6e8", File.ReadAllText(script));
        Assert.False(File.Exists(output));
        Assert.Equal(0, Invoke("--task", "0"));
        Assert.Equal(0, Invoke());
        Assert.Equal(2, File.ReadAllLines(output).Length);
        Assert.Equal(1, Invoke("--task", "99"));
        Assert.Equal(1, ScalingCommand.Create().Parse(["sweep", "--data", text, "--kinds", "sparse"]).Invoke());
        Assert.Equal(1, ScalingCommand.Create().Parse(["sweep", "--data", text, "--output", output, "--budgets", "1"]).Invoke());
    }

    [Fact]
    public void The_command_line_reads_arguments_and_reports_failures()
    {
        Assert.Equal(0, ClaimsCommand.Create().Parse(["--functions"]).Invoke());
        Assert.Equal(1, ClaimsCommand.Create().Parse([Path.Combine(_folder, "nothing.json")]).Invoke());
        Assert.Equal(1, ScalingCommand.Create().Parse(["model", "gpt5"]).Invoke());
        Assert.Equal(0, ScalingCommand.Create().Parse(["optimal", "1e24"]).Invoke());
        Assert.Equal(1, ScalingCommand.Create().Parse(["fit", Path.Combine(_folder, "nothing.csv")]).Invoke());
        Assert.Equal(0,
            ScalingCommand.Create()
                .Parse(
                    ["fit", Runs().FullName, "--parameters", "size", "--tokens", "seen", "--loss", "final", "--bootstrap", "0", "--starts",
                        "5"]).Invoke());
    }
}
