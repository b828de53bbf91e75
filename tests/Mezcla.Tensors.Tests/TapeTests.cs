namespace Mezcla.Tensors.Tests;

public class TapeTests
{
    [Fact]
    public void A_shared_operand_gets_the_sum_of_its_gradients()
    {
        using var scope = new TensorScope();
        var x = Tensor.From([1f, 2, 3], 3);
        x.RequiresGrad = true;
        var y = (x * x + x.Exp() * x).Sum();
        y.Backward();
        Assert.Equal([.. new[] { 1.0, 2, 3 }.Select(v => (float)(2 * v + Math.Exp(v) * (v + 1)))], x.Grad!.ToArray(), Close);
    }

    [Fact]
    public void A_small_network_learns_exclusive_or()
    {
        var random = new RandomStream(1);
        Tensor w1 = Parameter(Tensor.Normal(random, 0, 1, 8, 2)), b1 = Parameter(Tensor.Zeros(8)), w2 = Parameter(Tensor.Normal(random, 0, 1, 2, 8));
        Tensor[] parameters = [w1, b1, w2], m = [.. parameters.Select(p => Tensor.Zeros(p.Shape))], v = [.. parameters.Select(p => Tensor.Zeros(p.Shape))];
        var x = Tensor.From([0f, 0, 0, 1, 1, 0, 1, 1], 4, 2);
        var labels = Tensor.From([0, 1, 1, 0], 4);
        float loss = 0;
        for (int step = 1; step <= 300; step++)
        {
            using var scope = new TensorScope();
            Gradients.Clear(parameters);
            var result = x.Linear(w1, b1).Tanh().Linear(w2).CrossEntropy(labels);
            result.Backward();
            Optimizers.AdamWStep(parameters, [.. parameters.Select(p => p.Grad)], m, v, step, 0.05f);
            loss = result.Item();
        }
        Assert.True(loss < 0.05f, $"the loss is still {loss}");
    }

    private static Tensor Parameter(Tensor tensor)
    {
        tensor.RequiresGrad = true;
        return tensor;
    }

    private static bool Close(float a, float b) => Math.Abs(a - b) <= 1e-5f * (1 + Math.Abs(a));
}
