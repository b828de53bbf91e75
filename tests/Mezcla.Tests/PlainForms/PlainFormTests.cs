using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Tests.PlainForms;

/// <summary>The forms that a student reads first give what the fast ones give.</summary>
public sealed class PlainFormTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void A_mixture_is_a_loop_over_its_experts(int shared, bool gated)
    {
        const int Width = 8;
        var config = new MixtureOfExpertsConfig
        {
            Experts = 4,
            TopK = 2,
            Expert = new(6, Activation.Silu, Gated: true),
            SharedExperts = shared,
            SharedGate = gated,
        };
        var fast = new MixtureOfExpertsLayer(config, Width, new(new RandomStream(1), 0.5f));
        var plain = new PlainMixtureOfExperts(config, Width, new(new RandomStream(2), 0.5f));
        var source = fast.NamedParameters().ToDictionary(p => p.Name, p => p.Tensor);
        using (new NoGrad())
        {
            foreach (var (name, tensor) in plain.NamedParameters())
                if (!name.StartsWith("experts.", StringComparison.Ordinal))
                    tensor.CopyFrom(source[name]);
            for (var expert = 0; expert < config.Experts; expert++)
            {
                var (up, down) = (plain.Experts[expert].Up.Weight, plain.Experts[expert].Down.Weight);
                up.CopyFrom(fast.Up.Weight.Slice(0, expert, 1).Reshape(up.Shape));
                down.CopyFrom(fast.Down.Weight.Slice(0, expert, 1).Reshape(down.Shape));
            }
        }

        var (expected, expectedGradient) = Run(x => plain.Forward(x, new ForwardContext()));
        var (actual, actualGradient) = Run(x => fast.Forward(x, new ForwardContext()));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.All(expectedGradient.Zip(actualGradient), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));

        static (float[] Value, float[] Gradient) Run(Func<Tensor, Tensor> forward)
        {
            var x = Tensor.Normal(new RandomStream(3), 0, 1, 2, 5, Width);
            x.RequiresGrad = true;
            var y = forward(x);
            (y * Tensor.Normal(new RandomStream(4), 0, 1, y.Shape)).Sum().Backward();
            return (y.ToArray(), x.Grad!.ToArray());
        }
    }

    [Fact]
    public void AdamW_is_arithmetic_on_tensors()
    {
        var config = new TrainingConfig { WeightDecay = 0.1f };
        var (fast, plain) = (Parameters(), Parameters());
        Train(new AdamW(fast, config), fast);
        Train(new PlainAdamW(plain, config), plain);
        for (var i = 0; i < fast.Length; i++)
            Assert.All(plain[i].Tensor.ToArray().Zip(fast[i].Tensor.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));

        static (string Name, Tensor Tensor)[] Parameters()
        {
            var random = new RandomStream(1);
            (string, Tensor)[] all = [("weight", Tensor.Normal(random, 0, 1, 5, 3)), ("bias", Tensor.Normal(random, 0, 1, 3))];
            foreach (var (_, tensor) in all)
                tensor.RequiresGrad = true;
            return all;
        }

        static void Train(Optimizer optimizer, (string Name, Tensor Tensor)[] parameters)
        {
            for (var step = 1UL; step <= 10; step++)
            {
                optimizer.ZeroGrad();
                var x = Tensor.Normal(new RandomStream(step), 0, 1, 4, 5);
                (x.MatMul(parameters[0].Tensor) + parameters[1].Tensor).Square().Sum().Backward();
                optimizer.Step(0.05f);
            }
        }
    }

    [Theory]
    [InlineData("gpt")]
    [InlineData("mixtral")]
    public void Training_on_the_plain_device_gives_the_losses_of_the_processor(string name)
    {
        var (cpu, plain) = (Losses(Device.Cpu), Losses(Device.Plain));
        Assert.True(cpu[^1] < cpu[0]);
        Assert.All(cpu.Zip(plain), pair => Assert.Equal(pair.First, pair.Second, 1e-4));

        double[] Losses(Device device)
        {
            var model = new Transformer(TinyModels.Named(name), new RandomStream(1));
            model.MoveTo(device);
            var ids = Enumerable.Range(0, 400).Select(i => i * i % 31).ToArray();
            var config = new TrainingConfig { Steps = 10, BatchSize = 2, LearningRate = 3e-3f, EvaluationInterval = 0 };
            return [.. new Trainer(model, new TokenBatches(ids, 0.1), config).Run().Steps.Select(s => s.Loss)];
        }
    }
}
