namespace Mezcla.Tensors.Tests.Plain;

/// <summary>The forms that a student reads first give the values and the gradients of the fast operations.</summary>
public sealed class PlainFormTests
{
    public static TheoryData<string> Devices => ["cpu", "plain"];

    [Theory]
    [MemberData(nameof(Devices))]
    public void Attention_is_the_fused_one(string device) => AssertSame(device, [[2, 3, 7, 4], [2, 3, 7, 4], [2, 3, 7, 5]],
        x => PlainAttention.Forward(x[0], x[1], x[2]), x => Attention.ScaledDotProduct(x[0], x[1], x[2], new() { Causal = true }));

    [Theory]
    [MemberData(nameof(Devices))]
    public void Rms_norm_is_the_fast_one(string device) => AssertSame(device, [[3, 5, 16], [16]],
        x => PlainRmsNorm.Forward(x[0], x[1]), x => x[0].RmsNorm(x[1]));

    [Theory]
    [MemberData(nameof(Devices))]
    public void Rotary_embedding_is_the_fast_one(string device)
    {
        var angles = Enumerable.Range(0, 6 * 4).Select(i => i / 4 * MathF.Pow(100, -(i % 4) / 4f)).ToArray();
        var cos = Tensor.From([.. angles.Select(MathF.Cos)], 6, 4).To(Device.Parse(device));
        var sin = Tensor.From([.. angles.Select(MathF.Sin)], 6, 4).To(Device.Parse(device));
        AssertSame(device, [[2, 3, 6, 8]], x => PlainRotaryEmbedding.Forward(x[0], cos, sin),
            x => x[0].RotaryEmbedding(cos, sin, interleaved: false));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Cross_entropy_is_the_fast_one(string device)
    {
        var labels = Tensor.From([0, 8, 3, 3], 2, 2).To(Device.Parse(device));
        AssertSame(device, [[2, 2, 9]], x => PlainCrossEntropy.Forward(x[0], labels), x => x[0].CrossEntropy(labels));
    }

    private static void AssertSame(string device, int[][] shapes, Func<Tensor[], Tensor> plain, Func<Tensor[], Tensor> fast)
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var (expected, actual) = (Run(plain, seed), Run(fast, seed));
            for (var i = 0; i < expected.Length; i++)
                Assert.All(expected[i].Zip(actual[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }

        // The value, then the gradient of each operand; each element of the value counts differently.
        float[][] Run(Func<Tensor[], Tensor> form, ulong seed)
        {
            var random = new RandomStream(seed);
            Tensor[] operands = [.. shapes.Select(shape => Tensor.Normal(random, 0, 1, shape).To(Device.Parse(device)))];
            foreach (var operand in operands)
                operand.RequiresGrad = true;
            var value = form(operands);
            (value * Tensor.Normal(random, 0, 1, value.Shape).To(value.Device)).Sum().Backward();
            return [value.ToArray(), .. operands.Select(operand => operand.Grad!.ToArray())];
        }
    }
}
