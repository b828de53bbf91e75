using FsCheck;
using FsCheck.Xunit;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Quantization.Pruning;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Tests;

public class PruningTests
{
    public static TheoryData<string> Names => [.. PruningMethod.All.Select(m => m.Name)];

    [Theory, MemberData(nameof(Names))]
    public void The_share_that_was_asked_for_is_gone(string name)
    {
        foreach (var model in new[] { SmallModels.Dense(), SmallModels.Experts() })
        {
            var inner = ModelMatrix.Of(model).Where(PruningMethod.Inner).ToList();
            var mask = PruningMethod.Parse(name).Prune(model, PruningPattern.Share(0.5), SmallModels.Calibration);
            Assert.Equal(inner.Count, mask.Matrices.Count());
            Assert.Equal(0.5, mask.Sparsity, 0.01);
            var zeros = inner.Sum(m => m.Read().LongCount(v => v == 0));
            Assert.Equal(0.5, zeros / (double)mask.Count, 0.01);
            Assert.DoesNotContain(0f, ModelMatrix.Of(model).Single(m => m.Role == MatrixRole.Embedding).Read());
        }
    }

    [Theory, InlineData("magnitude"), InlineData("wanda"), InlineData("sparsegpt")]
    public void Two_of_four_are_gone_everywhere(string name)
    {
        var model = SmallModels.Dense();
        PruningMethod.Parse(name).Prune(model, PruningPattern.TwoOfFour, SmallModels.Calibration);
        foreach (var matrix in ModelMatrix.Of(model).Where(PruningMethod.Inner))
            Assert.All(matrix.Read().Chunk(4), four => Assert.Equal(2, four.Count(v => v == 0)));
        Assert.Contains("magnitude-global",
            Assert.Throws<ArgumentException>(() => new MagnitudePruning { Global = true }.Prune(model, PruningPattern.TwoOfFour)).Message);
    }

    [Fact]
    public void What_looks_at_inputs_errs_less_in_outputs_than_magnitude_and_SparseGPT_least()
    {
        // One matrix behind the token table: its inputs are the same for all methods.
        double Error(PruningMethod method)
        {
            var model = SmallModels.Dense();
            var weights = ModelMatrix.Of(model).First(m => m.Role == MatrixRole.Network).Read();
            InputStatistics? inputs = null;
            LayerWalk.Run(model, SmallModels.Calibration, (block, statistics) => inputs ??= statistics["blocks.0.network.up.weight"],
                ModelMatrix.Of(model));
            method.Prune(model, PruningPattern.Share(0.6), SmallModels.Calibration, m => m.Name == "blocks.0.network.up.weight");
            var pruned = ModelMatrix.Of(model).First(m => m.Name == "blocks.0.network.up.weight").Read();
            for (var i = 0; i < pruned.Length; i++)
                pruned[i] -= weights[i];
            return inputs!.SquaredError(pruned);
        }
        var (magnitude, wanda, sparse) = (Error(new MagnitudePruning()), Error(new Wanda()), Error(new SparseGpt()));
        Assert.True(sparse < wanda && wanda < magnitude * 1.05 && sparse < 0.8 * magnitude,
            $"magnitude {magnitude}, wanda {wanda}, sparsegpt {sparse}");
    }

    [Fact]
    public void Inputs_are_those_of_every_matrix_with_inputs()
    {
        var model = SmallModels.Experts();
        var inputs = ModelInputs.Of(model, SmallModels.Calibration);
        var tokens = SmallModels.Calibration.Sequences.Sum(s => s.Length);
        foreach (var matrix in ModelMatrix.Of(model).Where(m => m.Role != MatrixRole.Embedding))
            Assert.Equal(matrix.Columns, inputs[matrix.Name].Columns);
        Assert.Equal(tokens, inputs["blocks.0.attention.output.weight"].Count);
        // Each token uses two of four experts.
        Assert.Equal(2 * tokens, Enumerable.Range(0, 4).Sum(e => inputs[$"blocks.1.experts.up.weight[{e}]"].Count));
    }

    [Property(MaxTest = 30)]
    public void Patterns_keep_the_highest_scores(DoNotSize<int> seed, byte share)
    {
        var scores = FormatTests.Normal(40, seed.Item);
        var keep = new bool[40];
        PruningPattern.Share(share / 255.0).Mark(scores, keep);
        Assert.Equal(40 - (int)Math.Round(share / 255.0 * 40), keep.Count(k => k));
        var (kept, gone) = (scores.Where((_, i) => keep[i]).ToArray(), scores.Where((_, i) => !keep[i]).ToArray());
        if (kept.Length > 0 && gone.Length > 0)
            Assert.True(kept.Min() >= gone.Max());
    }

    [Fact]
    public void Retraining_keeps_what_is_gone_at_zero_and_makes_up_for_much_of_it()
    {
        var model = SmallModels.Dense();
        var mask = new MagnitudePruning { Global = true }.Prune(model, PruningPattern.Share(0.8));
        var pruned = SmallModels.Loss(model);
        var zeros = ModelMatrix.Of(model).Where(PruningMethod.Inner).SelectMany(m => m.Read()).Select(v => v == 0).ToArray();
        mask.Retrain(SmallModels.Trainer(model, 60));
        var now = ModelMatrix.Of(model).Where(PruningMethod.Inner).SelectMany(m => m.Read()).ToArray();
        for (var i = 0; i < zeros.Length; i++)
            if (zeros[i])
                Assert.Equal(0, now[i]);
        Assert.True(SmallModels.Loss(model) < pruned - 0.1, $"{SmallModels.Loss(model)}, before {pruned}");
    }

    [Fact]
    public void The_least_used_experts_go_and_the_model_is_smaller()
    {
        var model = SmallModels.Experts();
        var use = ExpertPruning.Use(model, SmallModels.Calibration);
        var smaller = ExpertPruning.Prune(model, 3, SmallModels.Calibration);
        Assert.Equal(3, smaller.Config.MixtureOfExperts!.Experts);
        Assert.True(smaller.CountParameters() < model.CountParameters());
        var least = Array.IndexOf(use[0], use[0].Min());
        var kept = Enumerable.Range(0, 4).Where(e => e != least).ToArray();
        var (before, after) = (ModelMatrix.Of(model), ModelMatrix.Of(smaller));
        for (var i = 0; i < 3; i++)
            Assert.Equal(before.Single(m => m.Name == $"blocks.0.experts.down.weight[{kept[i]}]").Read(),
                after.Single(m => m.Name == $"blocks.0.experts.down.weight[{i}]").Read());
        Assert.Equal(before.Single(m => m.Name == "blocks.0.experts.router.gate.weight").Read()[(kept[2] * 32)..(kept[2] * 32 + 32)],
            after.Single(m => m.Name == "blocks.0.experts.router.gate.weight").Read()[64..]);
        Assert.Equal(SmallModels.Logits(model), SmallModels.Logits(ExpertPruning.Prune(model, 4, SmallModels.Calibration)));
        Assert.Throws<ArgumentException>(() => ExpertPruning.Prune(model, 1, SmallModels.Calibration));
        Assert.Throws<ArgumentException>(() => ExpertPruning.Prune(SmallModels.Dense(), 1, SmallModels.Calibration));
    }

    [Fact]
    public void Ninety_five_percent_of_a_perceptrons_weights_can_go()
    {
        // The claim of the course's sources. A perceptron learns which of four rings a point of the plane lies in; then 95 of 100 of its
        // weights are removed, a little at a time, with training between.
        var random = new RandomStream(1);
        var points = Tensor.Uniform(random, -1, 1, 600, 2).ToArray();
        int[] rings = [.. points.Chunk(2).Select(p => Math.Min(3, (int)(4 * (p[0] * p[0] + p[1] * p[1]))))];
        var perceptron = new Perceptron(2, 100, 4, random);
        perceptron.Train(points[..800], rings[..400], 500);
        var full = Accuracy(perceptron);
        Assert.True(full > 0.85, $"{full}");
        var (oneStep, anyWeights) = (perceptron.Copy(), perceptron.Copy());
        oneStep.Prune(0.95);
        foreach (var sparsity in new[] { 0.5, 0.7, 0.8, 0.87, 0.91, 0.935, 0.95 })
        {
            perceptron.Prune(sparsity);
            perceptron.Train(points[..800], rings[..400], 300);
            anyWeights.PruneAtRandom(sparsity, random);
        }
        var pruned = Accuracy(perceptron);
        Assert.Equal(10_600, perceptron.Count);
        Assert.Equal(0.95, perceptron.Sparsity, 0.001);
        Assert.Equal(0.95, anyWeights.Sparsity, 0.001);
        Assert.Equal(0.95, perceptron.Copy().Sparsity, 0.001);
        Assert.True(pruned > full - 0.05, $"{full} before, {pruned} after");
        Assert.True(Accuracy(oneStep) < full - 0.1, "without training they cannot be removed");
        Assert.True(Accuracy(anyWeights) < full - 0.1, "nor can random ones");

        double Accuracy(Perceptron network) => network.Accuracy(points[800..], rings[400..]);
    }
}
