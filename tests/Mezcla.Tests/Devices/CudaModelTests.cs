using Mezcla.Tensors;

namespace Mezcla.Tests.Devices;

/// <summary>Models on the first NVIDIA GPU do what they do on the processor.</summary>
public class CudaModelTests
{
    private static Device Cuda
    {
        get
        {
            Assert.SkipUnless(Device.Described.Any(d => d.Name.StartsWith("cuda")), $"No CUDA device: {Device.CudaReport}.");
            return Device.Cuda();
        }
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("mixtral")]
    [InlineData("deepseek")]
    [InlineData("gpt-oss")]
    public void Losses_of_a_training_follow_those_on_the_processor_and_repeat_to_the_bit(string name)
    {
        var here = OpenClModelTests.Losses(name, Cuda);
        foreach (var (expected, obtained) in OpenClModelTests.Losses(name, Device.Cpu).Zip(here)) Assert.Equal(expected, obtained, 1e-3);
        Assert.Equal(here, OpenClModelTests.Losses(name, Cuda));
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("llama")]
    [InlineData("mixtral")]
    public void Generation_gives_the_same_greedy_tokens(string name) => OpenClModelTests.SameGreedyTokens(name, Cuda);
}
