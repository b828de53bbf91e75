using Mezcla.Experiments.Sweeps;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;

namespace Mezcla.Experiments.Tests.Sweeps;

public class SweepPlanTests
{
    private const long Text = 3_000_000;

    [Fact]
    public void Sizes_are_evenly_spaced_from_ten_thousand_to_three_million()
    {
        TransformerConfig[] shapes = [.. SweepPlan.Shapes(new())];
        Assert.InRange(shapes.Length, 18, 20);
        long[] sizes = [.. shapes.Select(shape => ParameterCount.Of(shape).Active)];
        Assert.Equal(sizes.Order(), sizes);
        Assert.InRange(sizes[0], 9_000, 11_000);
        Assert.InRange(sizes[^1], 2_850_000, 3_150_000);
        foreach (TransformerConfig shape in shapes)
            shape.Validate();
    }

    [Fact]
    public void Runs_of_a_budget_spend_it()
    {
        IReadOnlyList<SweepRun> plan = SweepPlan.Create(new(), Text);
        Assert.InRange(plan.Count, 50, 90);
        Assert.Equal(plan.Count, plan.Select(run => run.Key).Distinct().Count());
        foreach (SweepRun run in plan)
        {
            Assert.Equal(1, run.Flops / run.Budget, 0.01);
            Assert.Equal(FlopCount.Of(run.Model, 128).Training / 128 * run.Tokens, run.Flops, run.Flops * 1e-9);
            Assert.InRange(run.Tokens / (double)ParameterCount.Of(run.Model).Active, 0.45, 1001);
            Assert.True(run.Tokens <= 4.1 * Text);
            Assert.InRange(run.Steps, 200, 100_000);
        }
    }

    [Fact]
    public void A_mixture_has_the_active_size_of_its_dense_model()
    {
        foreach (TransformerConfig dense in SweepPlan.Shapes(new()))
        {
            ParameterCount one = ParameterCount.Of(dense), many = ParameterCount.Of(SweepPlan.WithExperts(dense, 8));
            Assert.Equal(one.DenseFeedForward, many.ActiveExperts);
            Assert.Equal(one.Active, many.Active - many.Routers);
            Assert.Equal(4 * many.ActiveExperts, many.Experts);
        }
    }

    [Fact]
    public void Kinds_and_numbers_can_be_chosen()
    {
        Assert.All(SweepPlan.Create(new() { Mixture = false }, Text), run => Assert.Null(run.Model.MixtureOfExperts));
        Assert.All(SweepPlan.Create(new() { Dense = false, Experts = 4 }, Text),
            run => Assert.Equal(4, run.Model.MixtureOfExperts!.Experts));
        Assert.Equal(3, SweepPlan.Create(new() { Mixture = false, SizesPerBudget = 3, Budgets = [1e12] }, Text).Count);
        Assert.Single(SweepPlan.Create(new() { Mixture = false, SizesPerBudget = 1, Budgets = [1e12] }, Text));
        Assert.Single(SweepPlan.Shapes(new() { Sizes = 1 }));
        Assert.Empty(SweepPlan.Create(new() { Budgets = [1e3] }, Text));
    }

    [Fact]
    public void Impossible_settings_are_named()
    {
        static string Refuse(SweepOptions options) => Assert.Throws<ArgumentException>(() => SweepPlan.Create(options, Text)).Message;
        Assert.Contains("sizes from 1", Refuse(new() { Smallest = 1 }));
        Assert.Contains("0 sizes", Refuse(new() { Sizes = 0 }));
        Assert.Contains("every budget", Refuse(new() { Budgets = [-1] }));
        Assert.Contains("every budget", Refuse(new() { Budgets = [] }));
        Assert.Contains("neither", Refuse(new() { Dense = false, Mixture = false }));
        Assert.Contains("1 experts", Refuse(new() { Experts = 1 }));
        Assert.Contains("a context of 2", Refuse(new() { Context = 2 }));
        Assert.Contains("0 sizes at a budget", Refuse(new() { SizesPerBudget = 0 }));
    }

    [Fact]
    public void Weights_begin_as_large_as_the_width_asks()
    {
        SweepRun run = SweepPlan.Create(new() { Budgets = [1e11], Mixture = false }, Text)[^1];
        Transformer model = run.CreateModel();
        var weights = model.TokenEmbedding.Weight.ToArray();
        var deviation = Math.Sqrt(weights.Average(weight => (double)weight * weight));
        Assert.Equal(1 / Math.Sqrt(run.Model.HiddenSize), deviation, 0.05 / Math.Sqrt(run.Model.HiddenSize));
        Assert.Equal(weights, run.CreateModel().TokenEmbedding.Weight.ToArray());
    }

    [Fact]
    public void The_Slurm_script_has_a_task_for_each_run_and_quotes_what_a_shell_would_read()
    {
        IReadOnlyList<SweepRun> plan = SweepPlan.Create(new(), Text);
        var script = SlurmScript.Write(["--data", "my text's.txt", "--budgets", "1e11"], plan, "/home/some one");
        Assert.StartsWith("#!/bin/bash\n", script);
        Assert.Contains($"#SBATCH --array=0-{plan.Count - 1}\n", script);
        Assert.Contains("cd '/home/some one' || exit 1\n", script);
        Assert.Contains("mezcla scaling sweep --data 'my text'\\''s.txt' --budgets 1e11 --task \"$SLURM_ARRAY_TASK_ID\" && exit 0\n",
            script);
        Assert.Contains("#SBATCH --time=00:", script);
        Assert.DoesNotContain('\r', script);
        Assert.Contains("#SBATCH --array=1-3,7\n", SlurmScript.Write([], plan, "/home", left: [1, 2, 3, 7]));
        Assert.Equal("0", SlurmScript.Ranges([0]));
    }

    [Fact]
    public void A_task_gives_a_sign_of_life_and_leaves_word_of_its_end()
    {
        var path = Path.GetTempFileName();
        File.Delete(path);
        Assert.Equal(SweepTaskState.Waiting, SweepTask.Read(path).State);
        using var task = new SweepTask(path);
        Assert.Equal(SweepTaskState.Running, SweepTask.Read(path).State);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-3));
        Assert.Equal(SweepTaskState.Failed, SweepTask.Read(path).State);
        Assert.StartsWith("killed: no sign of life for 3 min", SweepTask.Read(path).Detail);
        task.Fail("the disk is full");
        Assert.Equal((SweepTaskState.Failed, "the disk is full"), SweepTask.Read(path));
        task.End();
        Assert.False(File.Exists(path));
    }
}
