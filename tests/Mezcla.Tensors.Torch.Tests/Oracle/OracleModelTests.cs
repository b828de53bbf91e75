using Mezcla.Generation;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tests;
using Mezcla.Tokenization;
using Mezcla.Training;
using TorchSharp;

namespace Mezcla.Tensors.Torch.Tests.Oracle;

/// <summary>Whole models with the same weights learn the same here and in TorchSharp.</summary>
public sealed class OracleModelTests
{
    private const int Steps = 20, Batch = 4;

    private static readonly TransformerConfig Experts = TinyModels.Gpt with
    {
        MixtureOfExperts = new() { Experts = 4, TopK = 2, Expert = new(24, Activation.Gelu) },
    };

    [Theory]
    [InlineData("plain", false)]
    [InlineData("plain", true)]
    [InlineData("cpu", false)]
    [InlineData("cpu", true)]
    [InlineData("torch", false)]
    [InlineData("torch", true)]
    public void Losses_of_20_steps_are_those_of_TorchSharp(string device, bool experts)
    {
        TorchDevice.Require();
        var config = new TrainingConfig();
        var model = new Transformer(experts ? Experts : TinyModels.Gpt, new RandomStream(1));
        model.MoveTo(device == "torch" ? TorchDevice.Tested : Device.Parse(device));
        using var theirs = new TorchTransformer(model);
        var optimizer = new AdamW(model.NamedParameters(), config);
        var theirOptimizer = theirs.Optimizer(config, 1e-2);
        var (parameters, random) = (model.Parameters().ToArray(), new RandomStream(5));
        var (first, last) = (0.0, 0.0);
        for (var step = 0; step < Steps; step++)
        {
            using var scope = new TensorScope();
            using var theirScope = torch.NewDisposeScope();
            // What comes next is mostly three times what is there, so that there is something to learn.
            var ids = new int[Batch * model.Config.ContextLength + 1];
            for (var i = 1; i < ids.Length; i++)
                ids[i] = random.NextFloat() < 0.9f ? (ids[i - 1] * 3 + 1) % 31 : random.NextInt(31);
            optimizer.ZeroGrad();
            var loss = model.Loss(Ids(ids[..^1]), Ids(ids[1..]), new ForwardContext { Training = true }).Total;
            loss.Backward();
            theirOptimizer.zero_grad();
            var theirLoss = theirs.Loss(theirs.Ids(ids[..^1], Batch), theirs.Ids(ids[1..], Batch));
            theirLoss.backward();
            last = theirLoss.ToSingle();
            first = step == 0 ? last : first;
            Assert.Equal(last, loss.Item(), 1e-4);
            if (step == 0)
                SameGradients(model, theirs);

            var measured = Gradients.Measure(parameters, config.ClipNorm);
            var norm = torch.nn.utils.clip_grad_norm_(theirs.Parameters.Values.SelectMany(parts => parts), config.ClipNorm);
            Assert.Equal(norm, measured.ToArray()[0], 1e-3 * norm);
            optimizer.Step(1e-2f, measured.Slice(0, 1));
            theirOptimizer.step();
        }

        Assert.InRange(last, 0, first - 0.5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Greedy_generation_gives_the_same_tokens(bool experts)
    {
        TorchDevice.Require();
        var model = TinyModels.Create(experts ? Experts : TinyModels.Gpt);
        using var theirs = new TorchTransformer(model);
        var generator = new Generator(model, BytePairTokenizer.Train("the cat sat on the mat", 260));
        long[] tokens = [.. generator.Tokens([1], model.Config.ContextLength - 1).Select(token => (long)token)];
        Assert.True(tokens.Distinct().Count() > 1);
        // The second sequence is the first again. The last token is the one that no longer fits ours.
        var generated = theirs.Generate(2);
        Assert.Equal(tokens, generated[..tokens.Length]);
        Assert.Equal(generated[..model.Config.ContextLength], generated[model.Config.ContextLength..]);
    }

    private static void SameGradients(Transformer model, TorchTransformer theirs)
    {
        foreach (var (name, tensor) in model.NamedParameters())
        {
            float[] expected = [.. theirs.Parameters[name].SelectMany(part => part.grad!.contiguous().data<float>().ToArray())];
            var obtained = tensor.Grad!.ToArray();
            Assert.Equal(expected.Length, obtained.Length);
            var tolerance = 1e-5 * (0.01 + expected.Max(Math.Abs));
            for (var i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(expected[i] - obtained[i]) <= tolerance,
                    $"{name}: the gradient of number {i} is {obtained[i]}, not {expected[i]} (tolerance {tolerance}).");
        }
    }

    private static Tensor Ids(int[] ids) => Tensor.From(ids, Batch, ids.Length / Batch);
}
