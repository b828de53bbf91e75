using Mezcla.Datasets;
using Mezcla.Generation;
using Mezcla.Models;
using Mezcla.Tests;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Tensors.Torch.Tests.Models;

/// <summary>Whole models on libtorch's processor do what they do on the plain device.</summary>
public sealed class TorchModelTests
{
    private const int Steps = 20;

    private static readonly TrainingConfig Config = new()
    {
        Steps = Steps,
        BatchSize = 4,
        LearningRate = 3e-3f,
        EvaluationInterval = 0,
        Schedule = new CosineSchedule { WarmupSteps = 2 },
    };

    // Dropout included: both draw the same numbers. Each step works with what the one
    // before left, so that differences of rounding grow a little.
    [Theory]
    [InlineData("gpt")]
    [InlineData("mistral")]
    [InlineData("mixtral")]
    [InlineData("deepseek")]
    [InlineData("gpt-oss")]
    public void Losses_of_20_steps_are_those_of_the_plain_device(string name)
    {
        var here = Losses(name, TorchDevice.Tested);
        Assert.Equal(Steps, here.Length);
        Assert.NotEqual(here[0], here[^1], 0.1);
        foreach (var (expected, obtained) in Losses(name, Device.Plain).Zip(here))
            Assert.Equal(expected, obtained, 1e-4);
        Assert.Equal(here, Losses(name, TorchDevice.Tested));
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("mixtral")]
    public void Generation_gives_the_greedy_tokens_of_the_processor(string name)
    {
        var device = TorchDevice.Tested;
        var model = TinyModels.Create(TinyModels.Named(name));
        var generator = new Generator(model, BytePairTokenizer.Train("the cat sat on the mat", 260));
        int[] expected = [.. generator.Tokens([3, 1, 4], 30)];
        model.MoveTo(device);
        Assert.Equal(expected, generator.Tokens([3, 1, 4], 30));
    }

    // The loss and the norm of its gradients; a Mixture of Experts asks besides for
    // the offsets of its groups, once in each of its two layers.
    [Theory]
    [InlineData("gpt", 1)]
    [InlineData("mixtral", 3)]
    public void A_step_of_training_reads_no_more_than_it_must(string name, int most)
    {
        var kernels = (TorchKernels)TorchDevice.Tested.Kernels;
        var reads = new List<long>();
        Losses(name, TorchDevice.Tested, 0, _ => reads.Add(kernels.Reads));
        Assert.All(reads.Zip(reads.Skip(1)), pair => Assert.Equal(most, pair.Second - pair.First));
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("mixtral")]
    public void Bfloat16_products_train_almost_as_well(string name)
    {
        var exact = Losses(name, TorchDevice.Tested);
        var rounded = Losses(name, TorchDevice.Tested, config: Config with { Precision = ProductPrecision.BFloat16 });
        Assert.NotEqual(exact, rounded);
        foreach (var (expected, obtained) in exact.Zip(rounded))
            Assert.Equal(expected, obtained, 0.03);
    }

    // The step was asked for already when its loss is read: an error in it must leave the parameters as they were.
    [Fact]
    public void A_wrong_token_is_named_with_the_loss_and_changes_nothing()
    {
        var device = TorchDevice.Tested;
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        model.MoveTo(device);
        var before = model.FinalNorm.Weight.ToArray();
        int[] ids = [.. Enumerable.Range(0, 600).Select(i => i % 40)];
        var message = Assert.Throws<ArgumentException>(() => new Trainer(model, new TokenBatches(ids, 0, device), Config).Run()).Message;
        Assert.StartsWith("Embedding: index 3", message);
        Assert.Contains($"{device.Name} reports this when results are read", message);
        Assert.Equal(before, model.FinalNorm.Weight.ToArray());
        Assert.Equal(Steps, new Trainer(model, new TokenBatches([.. ids.Select(id => id % 31)], 0, device), Config).Run().Steps.Count);
    }

    private static double[] Losses(string name, Device device, double held = 0.2, Action<TrainingStep>? progress = null,
        TrainingConfig? config = null)
    {
        var random = new RandomStream(9);
        var ids = new int[600];
        for (var i = 1; i < ids.Length; i++)
            ids[i] = random.NextFloat() < 0.9f ? (ids[i - 1] * 3 + 1) % 31 : random.NextInt(31);
        var model = new Transformer(TinyModels.Named(name) with { Dropout = 0.1f }, new RandomStream(1));
        model.MoveTo(device);
        return [.. new Trainer(model, new TokenBatches(ids, held, device), config ?? Config).Run(progress).Steps.Select(step => step.Loss)];
    }
}
