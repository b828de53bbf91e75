using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Tests.Devices;
using Mezcla.Training;

namespace Mezcla.Tests.Devices;

/// <summary>Models trained with products of bfloat16, in the stand-in for CUDA: near the processor's float32, and replayed to the same bits.</summary>
public class TensorCoreModelTests
{
    private static readonly TrainingConfig Config = new() { Steps = 4, BatchSize = 2, LearningRate = 3e-3f, EvaluationInterval = 0, Schedule = new CosineSchedule { WarmupSteps = 2 } };

    // Heads of a size that the kernels for tensor cores know.
    private static TransformerConfig Shape(string name)
    {
        var tiny = TinyModels.Named(name);
        return tiny with { HiddenSize = 64, Attention = tiny.Attention with { Heads = 2, KeyValueHeads = name == "gpt" ? 2 : 1, HeadSize = 32 } };
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("mixtral")]
    public void Losses_follow_those_of_float32_and_replays_give_the_same_to_the_bit(string name)
    {
        var device = new Device(new GpuKernels(new CudaStandIn().WithProducts.Open(0)));
        var narrow = Config with { Precision = ProductPrecision.BFloat16 };
        var expected = OpenClModelTests.Steps(name, Device.Cpu, Config, replays: true, Shape(name));
        var obtained = OpenClModelTests.Steps(name, device, narrow, replays: true, Shape(name));
        Assert.Equal(OpenClModelTests.Steps(name, device, narrow, replays: false, Shape(name)), obtained);
        Assert.Equal(ProductPrecision.Float32, device.ProductPrecision);
        foreach (var (float32, bfloat16) in expected.Zip(obtained)) Assert.InRange(Math.Abs(bfloat16.Loss / float32.Loss - 1), 1e-7, 0.01);
        Assert.True(obtained[^1].Loss < obtained[0].Loss);
    }

    [Fact]
    public void A_device_without_it_refuses_before_the_first_step()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        var trainer = new Trainer(model, new Mezcla.Datasets.TokenBatches([.. Enumerable.Range(0, 300).Select(i => i % 31)], 0), Config with { Precision = ProductPrecision.BFloat16 });
        Assert.Contains("cpu multiplies in float32 only", Assert.Throws<DeviceException>(() => trainer.Run()).Message);
    }
}
