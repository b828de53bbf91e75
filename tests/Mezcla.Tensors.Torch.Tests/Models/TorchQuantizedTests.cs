using Mezcla.Quantization;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Layers;
using Mezcla.Tests;

namespace Mezcla.Tensors.Torch.Tests.Models;

/// <summary>Quantized matrices are decoded for libtorch, and give what they give on the plain device.</summary>
public sealed class TorchQuantizedTests
{
    private const int Rows = 20, Columns = 256, Tokens = 7;

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("Q6_K")]
    public void Products_experts_and_rows_are_those_of_the_plain_device(string format)
    {
        using var scope = new TensorScope();
        IQuantizedMatrix[] experts = [.. Enumerable.Range(0, 3).Select(seed => Matrix(format, seed))];
        var stack = new StackedMatrix([Matrix(format, 5), Matrix(format, 6)]);
        var x = Tensor.Normal(new RandomStream(9), 0, 1, Tokens, Columns);
        Same(device => new QuantizedLinear(experts[0], null).Forward(x.To(device)));
        Same(device => new QuantizedLinear(stack, null).Forward(x.To(device)));
        // The second has no tokens, and the last token has no expert.
        Same(device => new QuantizedGroupedLinear(experts, null).Forward(x.To(device), Tensor.From([0, 0, 0, 0, 2, 2, 0]).To(device),
            Tensor.From([0, 4, 4, 6]).To(device)));
        Same(device => new QuantizedEmbedding(stack).Forward(Tensor.From([0, Rows - 1, Rows, 2 * Rows - 1]).To(device)));

        var device = TorchDevice.Tested;
        var held = device.Memory.Live;
        experts[0].Dispose();
        Assert.InRange(device.Memory.Live, 0, held - Rows * Columns * sizeof(float));
        experts[1].Dispose();
        experts[2].Dispose();
        stack.Dispose();
    }

    private static void Same(Func<Device, Tensor> compute)
    {
        var expected = compute(Device.Plain).ToArray();
        var obtained = compute(TorchDevice.Tested).ToArray();
        Assert.Contains(expected, value => Math.Abs(value) > 0.1);
        Assert.Equal(expected.Length, obtained.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], obtained[i], 1e-4);
    }

    private static QuantizedMatrix Matrix(string format, int seed)
        => QuantizedMatrix.Quantize((BlockFormat)NumberFormats.Parse(format), Rows, Columns,
            Tensor.Normal(new RandomStream((ulong)seed), 0, 1, Rows, Columns).AsSpan());
}
