namespace Mezcla.Tensors.Tests;

public class TapeTests
{
    [Fact]
    public void A_shared_operand_gets_the_sum_of_its_gradients()
    {
        using var scope = new TensorScope();
        var x = Leaf(1, 2, 3);
        var y = (x * x + x.Exp() * x).Sum();
        y.Backward();
        Assert.Equal([.. new[] { 1.0, 2, 3 }.Select(v => (float)(2 * v + Math.Exp(v) * (v + 1)))], x.Grad!.ToArray(), Close);
    }

    [Fact]
    public void Each_leaf_is_told_once_when_its_gradient_is_complete_and_those_used_last_come_first()
    {
        using var scope = new TensorScope();
        Tensor x = Leaf(1, 2, 3), w = Leaf(2, 2, 2), unused = Leaf(5, 5, 5);
        List<(Tensor Leaf, float[] Gradient)> told = [];
        // x is used three times: its gradient is complete only when the first use has given its part.
        ((x * x + x.Exp()) * w).Sum().Backward(completed: leaf => told.Add((leaf, leaf.Grad!.ToArray())));
        Assert.Equal(2, told.Count);
        Assert.Same(w, told[0].Leaf);
        Assert.Same(x, told[1].Leaf);
        Assert.All(told, one => Assert.Equal(one.Leaf.Grad!.ToArray(), one.Gradient));
        Assert.Null(unused.Grad);
    }

    [Fact]
    public void Subgraphs_that_are_shared_many_times_over_are_walked_once()
    {
        using var scope = new TensorScope();
        var x = Leaf(1);
        var y = x;
        // 2⁶⁰ paths.
        for (var i = 0; i < 60; i++)
            y = (y + y) * 0.5f;
        y.Sum().Backward();
        Assert.Equal([1f], x.Grad!.ToArray());
    }

    [Fact]
    public void A_history_of_100_000_operations_needs_no_stack()
    {
        var x = Leaf(1, 2);
        using (var scope = new TensorScope())
        {
            var y = x;
            for (var i = 0; i < 100_000; i++)
                y += 0.001f;
            y.Sum().Backward();
            Assert.Equal([1f, 1], x.Grad!.ToArray());
            // And one that is only dropped.
            y = x;
            for (var i = 0; i < 100_000; i++)
                y *= 1.00001f;
        }
        x.Dispose();
    }

    [Fact]
    public void Gradients_add_up_over_backward_passes_until_cleared()
    {
        var x = Leaf(1, 2);
        (x * 3f).Sum().Backward();
        (x * 4f).Sum().Backward();
        Assert.Equal([7f, 7], x.Grad!.ToArray());
        x.ClearGrad();
        Assert.Null(x.Grad);
        (x * 4f).Sum().Backward();
        Assert.Equal([4f, 4], x.Grad!.ToArray());
    }

    [Fact]
    public void A_second_backward_pass_needs_the_graph_retained()
    {
        var x = Leaf(3);
        var y = x.Square().Sum();
        y.Backward(retainGraph: true);
        y.Backward();
        Assert.Equal([12f], x.Grad!.ToArray());
        var failure = Assert.Throws<InvalidOperationException>(() => y.Backward());
        Assert.Contains("retainGraph: true", failure.Message);
        Assert.Equal([12f], x.Grad!.ToArray());
    }

    [Fact]
    public void Part_of_a_history_that_another_pass_freed_is_an_error()
    {
        var x = Leaf(3);
        var shared = x.Square();
        var first = shared.Sum();
        var second = (shared * 2f).Sum();
        first.Backward();
        Assert.Contains("Square", Assert.Throws<InvalidOperationException>(() => second.Backward()).Message);
        // The failed pass left nothing behind.
        x.Exp().Sum().Backward();
    }

    [Fact]
    public void Unused_operands_and_results_have_no_gradient()
    {
        Tensor x = Leaf(1, 2), unused = Leaf(1, 2);
        var dead = x * unused;
        var y = (x * 2f).Sum();
        y.Backward();
        Assert.Null(unused.Grad);
        Assert.Equal([2f, 2], x.Grad!.ToArray());
        Assert.True(dead.RequiresGrad);
    }

    [Fact]
    public void Nothing_is_recorded_under_NoGrad()
    {
        var x = Leaf(1, 2);
        using (new NoGrad())
        {
            using (new NoGrad())
                Assert.False((x * 2f).RequiresGrad);
            Assert.False(x.Reshape(2, 1).RequiresGrad);
        }
        Assert.True((x * 2f).RequiresGrad);
        Assert.False(x.Detach().Exp().RequiresGrad);
        Assert.Throws<InvalidOperationException>(() => x.Detach().Sum().Backward());
    }

    [Fact]
    public void Detach_shares_the_numbers_and_Clone_copies_them()
    {
        var x = Leaf(1, 2);
        Tensor view = x.Detach(), copy = x.Clone();
        view.AsSpan()[0] = 5;
        Assert.Equal([5f, 2], x.ToArray());
        Assert.Equal([1f, 2], copy.ToArray());
        copy.Sum().Backward();
        Assert.Equal([1f, 1], x.Grad!.ToArray());
    }

    [Fact]
    public void A_value_changed_in_place_that_the_derivative_needs_is_an_error()
    {
        Tensor x = Leaf(1, 2), factor = Tensor.From([3f, 4]);
        var y = (x * factor).Sum();
        factor.CopyFrom([5f, 6]);
        var failure = Assert.Throws<InvalidOperationException>(() => y.Backward());
        Assert.Contains("Multiply", failure.Message);
        Assert.Contains("in place", failure.Message);
        // Through a view, and by the optimizer, too.
        y = (x * factor).Sum();
        factor.Slice(0, 1).AsSpan()[0] = 1;
        Assert.Throws<InvalidOperationException>(() => y.Backward());
        y = (x * x).Sum();
        Optimizers.AdamWStep([x], [Tensor.Ones(2)], [Tensor.Zeros(2)], [Tensor.Zeros(2)], 1, 0.1f);
        Assert.Throws<InvalidOperationException>(() => y.Backward());
        // Reading is no change, and what the derivative does not need may change.
        var z = (x * factor).Sum();
        _ = factor.AsReadOnlySpan()[0];
        z.Backward();
        var shifted = x + factor;
        factor.CopyFrom([0f, 0]);
        shifted.Sum().Backward();
    }

    [Fact]
    public void What_the_tape_recorded_cannot_be_changed_in_place()
    {
        var x = Leaf(1, 2);
        Assert.Throws<InvalidOperationException>(() => x.CopyFrom([1f, 2]));
        Assert.Contains("Multiply", Assert.Throws<InvalidOperationException>(() => (x * 2f).CopyFrom([1f, 2])).Message);
        Assert.Throws<InvalidOperationException>(() => x.SetSlice(0, 0, Tensor.Ones(1)));
        using (new NoGrad())
            x.CopyFrom([3f, 4]);
        Assert.Equal([3f, 4], x.ToArray());
    }

    [Fact]
    public void Backward_says_what_is_missing()
    {
        var x = Leaf(1, 2);
        Assert.Contains("2 elements", Assert.Throws<ArgumentException>(() => (x * 2f).Backward()).Message);
        Assert.Contains("[3]", Assert.Throws<ArgumentException>(() => (x * 2f).Backward(Tensor.Ones(3))).Message);
        Assert.Throws<ArgumentException>(() => x.Grad = Tensor.Ones(3));
        Assert.Throws<InvalidOperationException>(() => Tensor.From([1, 2]).RequiresGrad = true);
        Assert.Throws<InvalidOperationException>(() => (x * 2f).RequiresGrad = false);
    }

    [Fact]
    public void The_first_NaN_is_reported_with_its_operation()
    {
        using var hunt = new DetectAnomaly();
        var x = Leaf(1, -1);
        var failure = Assert.Throws<ArithmeticException>(() => x.Exp().Sum().Backward(Tensor.Full(float.NaN)));
        Assert.Contains("Sum", failure.Message);
        Assert.Contains("Log made NaN: element 1", Assert.Throws<ArithmeticException>(() => (x * 2f).Log().Sum()).Message);
        // √0 is a number, but its slope times 0 is not.
        var zero = Leaf(0);
        var y = (zero.Sqrt() * Tensor.Zeros(1)).Sum();
        Assert.Contains("derivative of Sqrt", Assert.Throws<ArithmeticException>(() => y.Backward()).Message);
    }

    [Fact]
    public void BFloat16_stores_and_the_gradient_stays_wide()
    {
        var x = Tensor.From([1f, 1.0039062f, 3.14159f, float.NaN, float.PositiveInfinity]).To(DType.BFloat16);
        Assert.Equal([1f, 1.0f, 3.140625f, float.NaN, float.PositiveInfinity], x.ToArray());
        var w = Tensor.From([1.5f, -2]).To(DType.BFloat16);
        w.RequiresGrad = true;
        (w * w).Sum().Backward();
        Assert.Equal(DType.Float32, w.Grad!.DType);
        Assert.Equal([3f, -4], w.Grad.ToArray());
    }

    [Fact]
    public void A_small_network_learns_exclusive_or()
    {
        var random = new RandomStream(1);
        Tensor w1 = Tensor.Normal(random, 0, 1, 8, 2), b1 = Tensor.Zeros(8), w2 = Tensor.Normal(random, 0, 1, 2, 8);
        Tensor[] parameters = [w1, b1, w2], m = [.. parameters.Select(p => Tensor.Zeros(p.Shape))],
            v = [.. parameters.Select(p => Tensor.Zeros(p.Shape))];
        foreach (var parameter in parameters)
            parameter.RequiresGrad = true;
        var x = Tensor.From([0f, 0, 0, 1, 1, 0, 1, 1], 4, 2);
        var labels = Tensor.From([0, 1, 1, 0], 4);
        float loss = 0;
        for (var step = 1; step <= 300; step++)
        {
            using var scope = new TensorScope();
            foreach (var parameter in parameters)
                parameter.ClearGrad();
            var result = x.Linear(w1, b1).Tanh().Linear(w2).CrossEntropy(labels);
            result.Backward();
            Optimizers.AdamWStep(parameters, [.. parameters.Select(p => p.Grad)], m, v, step, 0.05f);
            loss = result.Item();
        }
        Assert.True(loss < 0.05f, $"the loss is still {loss}");
    }

    private static Tensor Leaf(params float[] values)
    {
        var tensor = Tensor.From(values);
        tensor.RequiresGrad = true;
        return tensor;
    }

    private static bool Close(float a, float b) => Math.Abs(a - b) <= 1e-5f * (1 + Math.Abs(a));
}
