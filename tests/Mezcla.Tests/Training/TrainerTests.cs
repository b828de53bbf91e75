using Mezcla.Datasets;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Tests.Training;

public class TrainerTests
{
    private static readonly TrainingConfig Config = new()
    {
        Steps = 12,
        BatchSize = 4,
        LearningRate = 3e-3f,
        EvaluationInterval = 0,
        Schedule = new CosineSchedule { WarmupSteps = 2 }
    };

    // A sequence with structure: each token mostly follows from the one before.
    private static TokenBatches Data(double validation = 0.2)
    {
        var random = new RandomStream(9);
        var ids = new int[600];
        for (var i = 1; i < ids.Length; i++)
            ids[i] = random.NextFloat() < 0.9f ? (ids[i - 1] * 3 + 1) % 31 : random.NextInt(31);
        return new TokenBatches(ids, validation);
    }

    [Fact]
    public void Training_lowers_the_loss_on_held_out_data()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        var trainer = new Trainer(model, Data(), Config with { Steps = 150 });
        var before = trainer.Evaluate();
        var result = trainer.Run();
        Assert.True(result.Completed);
        Assert.InRange(before, 3.2, 3.7);
        Assert.InRange(result.FinalValidationLoss, 0.3, 1.8);
    }

    [Theory]
    [InlineData("gpt", OptimizerKind.AdamW)]
    [InlineData("mixtral", OptimizerKind.AdamW)]
    [InlineData("deepseek", OptimizerKind.Muon)]
    public void The_same_seed_gives_the_same_bits(string name, OptimizerKind optimizer)
    {
        TrainingResult Run() => new Trainer(new Transformer(TinyModels.Named(name) with { Dropout = 0.1f }, new RandomStream(1)), Data(),
            Config with { Optimizer = optimizer }).Run();
        Assert.Equal(Run().Steps.Select(s => s.Loss), Run().Steps.Select(s => s.Loss));
    }

    [Theory]
    [InlineData("mixtral", OptimizerKind.AdamW)]
    [InlineData("deepseek", OptimizerKind.AdamW)]
    [InlineData("gpt", OptimizerKind.Muon)]
    public void A_checkpoint_resumes_to_the_same_bits(string name, OptimizerKind optimizer)
    {
        var config = Config with { Optimizer = optimizer, EvaluationInterval = 3, Patience = 100, AccumulationSteps = 2 };
        var architecture = TinyModels.Named(name) with { Dropout = 0.1f };
        var whole = new Trainer(new Transformer(architecture, new RandomStream(1)), Data(), config).Run();

        var model = new Transformer(architecture, new RandomStream(1));
        using var stop = new CancellationTokenSource();
        var first = new Trainer(model, Data(), config);
        var part = first.Run(step =>
        {
            if (step.Step == 5)
                stop.Cancel();
        }, stop.Token);
        Assert.False(part.Completed);
        var path = Path.Combine(Path.GetTempPath(), $"mezcla-resume-{Guid.NewGuid():N}.safetensors");
        try
        {
            new ModelCheckpoint { Model = model, Training = first.State() }.Save(path);
            var loaded = ModelCheckpoint.Load(path);
            var rest = new Trainer(loaded.Model, Data(), loaded.Training!.Config, loaded.Training).Run();
            Assert.Equal(whole.Steps.Select(s => s.Loss), part.Steps.Concat(rest.Steps).Select(s => s.Loss));
            Assert.Equal(12, rest.Steps[^1].Step);
            Assert.Equal(whole.Steps.Select(s => s.ValidationLoss), part.Steps.Concat(rest.Steps).Select(s => s.ValidationLoss));
            Assert.Equal(part.Steps.Min(s => s.ValidationLoss), loaded.Training.BestValidationLoss);
            // What was held out must stay held out.
            Assert.Contains("held out",
                Assert.Throws<ArgumentException>(() => new Trainer(loaded.Model, Data(0.1), config, loaded.Training)).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Resuming_on_other_data_is_refused()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        var state = new Trainer(model, Data(), Config).State();
        Assert.Contains("other data",
            Assert.Throws<ArgumentException>(() => new Trainer(model,
                Data(validation: 0.2 + 1e-9) is var _ ? new TokenBatches(new int[600]) : Data(), Config, state)).Message);
    }

    [Fact]
    public void Accumulated_gradients_are_those_of_one_large_batch()
    {
        // Plain gradient norms tell: two passes of 4 sequences see the same 8 windows as one pass of 8.
        TrainingStep First(int batch, int passes)
        {
            var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
            return new Trainer(model, Data(), Config with { Steps = 1, BatchSize = batch, AccumulationSteps = passes }).Run().Steps[0];
        }

        var (one, two) = (First(8, 1), First(4, 2));
        Assert.Equal(one.Loss, two.Loss, 1e-5);
        Assert.Equal(one.GradientNorm, two.GradientNorm, 1e-4);
    }

    [Fact]
    public void A_gradient_longer_than_the_bound_is_cut_to_it_and_its_own_length_is_told()
    {
        (double Told, double Applied) Step(float bound)
        {
            var trainer = new Trainer(new Transformer(TinyModels.Gpt, new RandomStream(1)), Data(),
                Config with { Steps = 1, ClipNorm = bound });
            var told = trainer.Run().Steps[0].GradientNorm;
            // After one step the first moments are (1 - β₁) times the gradients that were applied.
            var moments = trainer.State().Optimizer!.State().Where(tensor => tensor.Name.EndsWith("first_moment", StringComparison.Ordinal))
                .SelectMany(tensor => tensor.Tensor.ToArray());
            return (told, Math.Sqrt(moments.Sum(m => (double)m * m)) / (1 - Config.Beta1));
        }

        var (told, applied) = Step(0);
        Assert.Equal(told, applied, 1e-4);
        Assert.True(told > 0.1);
        Assert.Equal(told, Step(0.01f).Told, 1e-4);
        Assert.Equal(0.01, Step(0.01f).Applied, 1e-5);
        Assert.Equal(told, Step((float)told * 2).Applied, 1e-4);
    }

    [Fact]
    public void What_the_mask_leaves_out_is_not_learned_however_passes_are_cut()
    {
        // Every third token is random and unmarked: with the mask the loss is only about the others, which follow from their neighbours.
        var random = new RandomStream(2);
        int[] ids = [.. Enumerable.Range(0, 900).Select(i => i % 3 == 2 ? random.NextInt(31) : i % 3)];
        bool[] mask = [.. Enumerable.Range(0, 900).Select(i => i % 3 != 2 && i % 7 != 0)];
        TrainingResult Run(int batch, int passes, bool[]? mask, int steps) =>
            new Trainer(new Transformer(TinyModels.Gpt, new RandomStream(1)), new TokenBatches(ids, 0.2, mask: mask),
                Config with { Steps = steps, BatchSize = batch, AccumulationSteps = passes }).Run();
        Assert.InRange(Run(4, 1, mask, 100).FinalValidationLoss, 0, 0.6);
        Assert.InRange(Run(4, 1, null, 100).FinalValidationLoss, 0.9, 2.2); // a third of the tokens costs ln 31
        // Passes have different numbers of labels, and still add up to one large batch.
        TrainingStep one = Run(8, 1, mask, 1).Steps[0], four = Run(2, 4, mask, 1).Steps[0];
        Assert.Equal(one.Loss, four.Loss, 1e-5);
        Assert.Equal(one.GradientNorm, four.GradientNorm, 1e-4);

        var data = new TokenBatches(ids, 0.2, mask: mask);
        var batch = data.Next(new RandomStream(1), 4, 24);
        Assert.Equal(batch.CountedLabels, batch.Labels.ToIntArray().Count(l => l != -100));
        Assert.DoesNotContain(-100, batch.Inputs.ToIntArray());
        Assert.NotEqual(data.Sha256, new TokenBatches(ids, 0.2).Sha256);
        Assert.Contains("nothing to learn",
            Assert.Throws<ArgumentException>(() => new TokenBatches(ids, 0.2, mask: new bool[900]).RequireLength(24)).Message);
        Assert.Throws<ArgumentException>(() => new TokenBatches(ids, 0.2, mask: new bool[899]));
    }

    [Theory, InlineData(OptimizerKind.AdamW), InlineData(OptimizerKind.Muon)]
    public void Decay_pulls_matrices_and_nothing_else(OptimizerKind optimizer)
    {
        // Without a gradient nothing moves; with a gradient of zero, only decay does.
        var model = new Transformer(TinyModels.GptOss, new RandomStream(1));
        foreach (var (_, tensor) in model.NamedParameters())
            Module.Assign(tensor, [.. Enumerable.Repeat(1f, (int)tensor.Count)]);
        var zero = model.NamedParameters().Select(p => p.Tensor.Sum()).Aggregate((a, b) => a + b) * 0;
        zero.Backward();
        Trainer.CreateOptimizer(model, Config with { Optimizer = optimizer, WeightDecay = 0.5f }).Step(0.1f);
        foreach (var (name, tensor) in model.NamedParameters())
        {
            // Biases of experts [E, n] are vectors, one for each expert.
            var matrix = tensor.Rank >= 2 && !name.EndsWith("bias", StringComparison.Ordinal);
            Assert.All(tensor.ToArray(), value => Assert.Equal(matrix ? 0.95f : 1, value, 1e-5f));
        }

        Assert.Contains(model.NamedParameters(), p => p.Name.EndsWith("up.bias", StringComparison.Ordinal) && p.Tensor.Rank == 2);
    }

    [Fact]
    public void A_record_is_read_back_and_tells_where_runs_part()
    {
        var model = new Transformer(TinyModels.Mixtral, new RandomStream(1));
        var result = new Trainer(model, Data(), Config with { EvaluationInterval = 4 }).Run();
        var path = Path.GetTempFileName();
        try
        {
            using (var writer = new StreamWriter(path))
            {
                new RunRecord
                {
                    Model = model.Config,
                    Training = Config,
                    Source = new("text.txt", "ab", "bpe", 300, 0.2, 1),
                    DataSha256 = Data().Sha256
                }.WriteHead(writer);
                foreach (var step in result.Steps)
                    RunRecord.WriteStep(writer, step);
                writer.Write("{\"step\":13,\"st"); // cut off
            }

            var record = RunRecord.Read(path);
            Assert.Equal(result.Steps, record.Steps);
            Assert.Equal(Config, record.Training);
            Assert.Null(record.FirstDifference(result.Steps));
            Assert.Null(record.FirstDifference(result.Steps.Select(s => s with { Seconds = 1e9 })));
            var changed = result.Steps.Select(s => s.Step < 7 ? s : s with { GradientNorm = Math.BitIncrement(s.GradientNorm) });
            Assert.Equal(new RunDifference(7, "gradient norm", result.Steps[6].GradientNorm,
                Math.BitIncrement(result.Steps[6].GradientNorm)), record.FirstDifference(changed));
            Assert.Equal("validation loss", record.FirstDifference(result.Steps.Select(s => s with { ValidationLoss = null }))!.Metric);
            File.WriteAllText(path, "{\"model\": 3}\n{}\n");
            Assert.Contains("line 1", Assert.Throws<InvalidDataException>(() => RunRecord.Read(path)).Message);
            File.WriteAllText(path, "");
            Assert.Contains("empty", Assert.Throws<InvalidDataException>(() => RunRecord.Read(path)).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Data_too_short_for_a_sequence_is_an_error()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        Assert.Contains("20 tokens",
            Assert.Throws<ArgumentException>(() => new Trainer(model, new TokenBatches(new int[20], 0), Config)).Message);
    }

    [Fact]
    public void A_loss_that_leaves_the_numbers_stops_training_and_says_what_to_try()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        Module.Assign(model.TokenEmbedding.Weight, [.. Enumerable.Repeat(float.NaN, 31 * 16)]);
        var before = model.FinalNorm.Weight.ToArray();
        var error = Assert.Throws<TrainingDivergedException>(() => new Trainer(model, Data(), Config).Run());
        Assert.Contains("step 1", error.Message);
        Assert.Contains("smaller learning rate", error.Message);
        Assert.Equal(before, model.FinalNorm.Weight.ToArray());
    }

    [Fact]
    public void Patience_ends_a_training_that_no_longer_improves()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        var result = new Trainer(model, Data(),
            Config with { Steps = 500, LearningRate = 1e-9f, EvaluationInterval = 1, Patience = 3 }).Run();
        Assert.False(result.Completed);
        Assert.True(result.StoppedEarly);
        Assert.InRange(result.Steps.Count, 3, 60);
        var losses = result.Steps.Select(s => s.ValidationLoss!.Value).ToArray();
        Assert.Equal(losses.Min(), losses[^4]);
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(4, 0.5)]
    [InlineData(9, 1.0)]
    public void Warm_up_grows_linearly(int step, double share) =>
    Assert.Equal(share, new CosineSchedule { WarmupSteps = 10 }.At(step, 100), 1e-12);

    [Fact]
    public void Warm_up_stable_decay_stays_and_then_falls_in_a_line()
    {
        var schedule = new WarmupStableDecaySchedule { WarmupSteps = 10, DecayShare = 0.5, Final = 0.2 };
        Assert.All(Enumerable.Range(9, 46), step => Assert.Equal(1, schedule.At(step, 100), 1e-9));
        var fall = Enumerable.Range(56, 44).Select(step => schedule.At(step, 100)).ToArray();
        Assert.All(fall.Zip(fall[1..]), pair => Assert.Equal(fall[0] - fall[1], pair.First - pair.Second, 1e-9));
        Assert.Equal(0.2, fall[^1], 1e-9);
        Assert.Equal(1, (schedule with { DecayShare = 0 }).At(99, 100));
    }

    [Fact]
    public void Schedules_end_where_they_say()
    {
        Assert.Equal(0.1, new CosineSchedule { WarmupSteps = 10 }.At(99, 100), 1e-9);
        Assert.Equal(1, new WarmupStableDecaySchedule { WarmupSteps = 10 }.At(60, 100), 1e-9);
        Assert.Equal(0, new WarmupStableDecaySchedule { WarmupSteps = 10 }.At(99, 100), 1e-9);
        Assert.Equal(1, new ConstantSchedule().At(99, 100));
    }

    [Fact]
    public void Muon_makes_singular_values_about_one()
    {
        var random = new RandomStream(4);
        foreach (var (rows, columns) in new[] { (6, 10), (10, 6), (8, 8) })
        {
            var x = Muon.Orthogonalize(Tensor.Normal(random, 0, 1, rows, columns));
            var gram = rows <= columns ? x.MatMul(x, transposeB: true) : x.MatMul(x, transposeA: true);
            var n = Math.Min(rows, columns);
            var values = gram.ToArray();
            // The trace of XXᵀ is the sum of the squared singular values, each between about 0.7² and 1.2².
            Assert.InRange(Enumerable.Range(0, n).Sum(i => values[i * n + i]) / n, 0.4, 1.5);
        }
    }
}
