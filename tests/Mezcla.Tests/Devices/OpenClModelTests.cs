using Mezcla.Datasets;
using Mezcla.Generation;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tensors.OpenCl;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Tests.Devices;

/// <summary>Models on the first device with an OpenCL driver do what they do on the processor.</summary>
public class OpenClModelTests
{
    private static readonly TrainingConfig Config = new()
    {
        Steps = 5,
        BatchSize = 4,
        LearningRate = 3e-3f,
        EvaluationInterval = 0,
        Schedule = new CosineSchedule { WarmupSteps = 2 }
    };

    private static Device OpenCl
    {
        get
        {
            Assert.SkipWhen(!Device.Described.Any(d => d.Name.StartsWith("opencl")),
                "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
            return Device.OpenCl();
        }
    }

    // Each step works with what the one before left, so that differences of rounding grow
    // a little. In groups of 256, as on a graphics card, as well.
    [Theory]
    [InlineData("gpt", 1)]
    [InlineData("mixtral", 1)]
    [InlineData("deepseek", 1)]
    [InlineData("gpt-oss", 1)]
    [InlineData("gpt", 256)]
    [InlineData("mixtral", 256)]
    public void Losses_of_a_training_follow_those_on_the_processor_and_repeat_to_the_bit(string name, int group)
    {
        var device = Watched(group).Device;
        var here = Losses(name, device);
        foreach (var (expected, obtained) in Losses(name, Device.Cpu).Zip(here))
            Assert.Equal(expected, obtained, 1e-3);
        Assert.Equal(here, Losses(name, device));
    }

    // What the processor computed instead would have to come from the device first: all that does
    // are the loss and the norm of each step, and the record of wrong indices.
    [Theory]
    [InlineData("gpt")]
    [InlineData("mistral")]
    [InlineData("mixtral")]
    [InlineData("deepseek")]
    [InlineData("gpt-oss")]
    public void Nothing_moves_to_the_processor_in_a_training(string name)
    {
        var (device, driver) = Watched(1);
        Losses(name, device, 0);
        Assert.InRange(driver.Launched, 100, int.MaxValue);
        Assert.Equal(2 * Config.Steps, driver.Downloads.Count);
        Assert.All(driver.Downloads, bytes => Assert.Equal(4 * 4, bytes));
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("mixtral")]
    [InlineData("deepseek")]
    public void A_step_of_training_waits_once(string name)
    {
        var (device, driver) = Watched(1);
        var waits = new List<long>();
        Losses(name, device, 0, _ => waits.Add(driver.Waits));
        Assert.Equal(Enumerable.Range(0, Config.Steps).Select(step => waits[0] + step), waits);
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("mixtral")]
    public void Generation_waits_once_a_token(string name)
    {
        var (device, driver) = Watched(1);
        var model = TinyModels.Create(TinyModels.Named(name));
        model.MoveTo(device);
        var waits = new List<long> { driver.Waits };
        foreach (var _ in new Generator(model, BytePairTokenizer.Train("the cat sat on the mat", 260)).Tokens([3, 1, 4], 12))
            waits.Add(driver.Waits);
        Assert.Equal(Enumerable.Range(0, 13).Select(token => waits[0] + token), waits);
    }

    // The step was asked for already when its loss is read: an error in it must leave the parameters as they were.
    [Fact]
    public void A_wrong_token_is_named_with_the_loss_and_changes_nothing()
    {
        var (device, _) = Watched(1);
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        model.MoveTo(device);
        var before = model.FinalNorm.Weight.ToArray();
        int[] ids = [.. Enumerable.Range(0, 600).Select(i => i % 40)];
        var message = Assert.Throws<ArgumentException>(() => new Trainer(model, new TokenBatches(ids, 0, device), Config).Run()).Message;
        Assert.StartsWith("Embedding: index 3", message);
        Assert.Contains("opencl:0 reports this when results are read", message);
        Assert.Equal(before, model.FinalNorm.Weight.ToArray());
        Assert.Equal(5, new Trainer(model, new TokenBatches([.. ids.Select(id => id % 31)], 0, device), Config).Run().Steps.Count);
    }

    private static (Device Device, WatchedDriver Driver) Watched(int group)
    {
        _ = OpenCl;
        var driver = new WatchedDriver(0, group);
        return (new Device(new OpenClKernels(driver)), driver);
    }

    private static int[] Ids()
    {
        var random = new RandomStream(9);
        var ids = new int[600];
        for (var i = 1; i < ids.Length; i++)
            ids[i] = random.NextFloat() < 0.9f ? (ids[i - 1] * 3 + 1) % 31 : random.NextInt(31);
        return ids;
    }

    internal static double[] Losses(string name, Device device, double held = 0.2, Action<TrainingStep>? progress = null)
    {
        var ids = Ids();
        var model = new Transformer(TinyModels.Named(name) with { Dropout = 0.1f }, new RandomStream(1));
        model.MoveTo(device);
        Assert.Equal(device, model.Device);
        return [.. new Trainer(model, new TokenBatches(ids, held, device), Config).Run(progress).Steps.Select(s => s.Loss)];
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("llama")]
    [InlineData("mixtral")]
    public void Generation_gives_the_same_greedy_tokens(string name) => SameGreedyTokens(name, OpenCl);

    internal static void SameGreedyTokens(string name, Device device)
    {
        var model = TinyModels.Create(TinyModels.Named(name));
        var generator = new Generator(model, BytePairTokenizer.Train("the cat sat on the mat", 260));
        int[] expected = [.. generator.Tokens([3, 1, 4], 30)];
        model.MoveTo(device);
        Assert.Equal(expected, generator.Tokens([3, 1, 4], 30));
    }
}
