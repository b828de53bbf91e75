using Mezcla.Datasets;
using Mezcla.Generation;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Tests.Devices;

/// <summary>Models on the first device with an OpenCL driver do what they do on the processor.</summary>
public class OpenClModelTests
{
    private static readonly TrainingConfig Config = new() { Steps = 5, BatchSize = 4, LearningRate = 3e-3f, EvaluationInterval = 0, Schedule = new CosineSchedule { WarmupSteps = 2 } };

    private static Device OpenCl
    {
        get
        {
            Assert.SkipWhen(!Device.Described.Any(d => d.Name.StartsWith("opencl")), "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
            return Device.OpenCl();
        }
    }

    // Each step works with what the one before left, so that differences of rounding grow a little.
    [Theory]
    [InlineData("gpt")]
    [InlineData("mixtral")]
    [InlineData("deepseek")]
    [InlineData("gpt-oss")]
    public void Losses_of_a_training_follow_those_on_the_processor(string name)
    {
        var here = Losses(name, OpenCl);
        foreach (var (expected, obtained) in Losses(name, Device.Cpu).Zip(here)) Assert.Equal(expected, obtained, 1e-3);
        Assert.Equal(here, Losses(name, OpenCl));
    }

    private static double[] Losses(string name, Device device)
    {
        var random = new RandomStream(9);
        var ids = new int[600];
        for (var i = 1; i < ids.Length; i++) ids[i] = random.NextFloat() < 0.9f ? (ids[i - 1] * 3 + 1) % 31 : random.NextInt(31);
        var model = new Transformer(TinyModels.Named(name) with { Dropout = 0.1f }, new RandomStream(1));
        model.MoveTo(device);
        Assert.Equal(device, model.Device);
        return [.. new Trainer(model, new TokenBatches(ids, 0.2, device), Config).Run().Steps.Select(s => s.Loss)];
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("llama")]
    [InlineData("mixtral")]
    public void Generation_gives_the_same_greedy_tokens(string name)
    {
        var model = TinyModels.Create(TinyModels.Named(name));
        var generator = new Generator(model, BytePairTokenizer.Train("the cat sat on the mat", 260));
        int[] expected = [.. generator.Tokens([3, 1, 4], 30)];
        model.MoveTo(OpenCl);
        Assert.Equal(expected, generator.Tokens([3, 1, 4], 30));
    }
}
