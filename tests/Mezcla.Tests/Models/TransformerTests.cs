using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Tests.Models;

public class TransformerTests
{
    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void A_model_holds_exactly_as_many_parameters_as_its_configuration_counts(string name)
    {
        var config = TinyModels.Named(name);
        var model = new Transformer(config, new RandomStream(1));
        var count = ParameterCount.Of(config);
        Assert.Equal(count.Total - count.SelectionBiases, model.CountParameters());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Token_by_token_with_a_cache_gives_the_logits_of_the_whole_sequence(string name)
    {
        var config = TinyModels.Named(name);
        var model = TinyModels.Create(config);
        using var noGrad = new NoGrad();
        using var cache = new KeyValueCache(config.Layers, config.ContextLength);
        foreach (var batch in new[] { 1, 3, 1 })
        {
            var ids = TinyModels.Ids(batch * 20, seed: (ulong)batch);
            var whole = model.Logits(Tensor.From(ids, batch, 20)).ToArray();
            var largest = whole.Max(Math.Abs);
            // First a few at once, then one by one, past the sliding window of 5; the last round
            // forgets what it guessed and goes on, as speculative decoding does.
            foreach (var (start, length) in new[] { (0, 3) }.Concat(Enumerable.Range(3, 15).Select(i => (i, 1))).Append((15, 5)))
            {
                cache.Truncate(start);
                int[] part = [.. Enumerable.Range(0, batch).SelectMany(row => ids[(row * 20 + start)..(row * 20 + start + length)])];
                var logits = model.Logits(Tensor.From(part, batch, length), new ForwardContext { Cache = cache }).ToArray();
                for (var row = 0; row < batch; row++)
                    for (var i = 0; i < length * 31; i++)
                        Assert.Equal(whole[(row * 20 + start) * 31 + i], logits[row * length * 31 + i], 1e-5f * largest);
            }

            cache.Reset();
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_later_token_changes_no_earlier_logit(string name)
    {
        var model = TinyModels.Create(TinyModels.Named(name));
        using var noGrad = new NoGrad();
        var ids = TinyModels.Ids(12);
        var before = model.Logits(Tensor.From(ids, 1, 12)).ToArray();
        ids[8] = (ids[8] + 1) % 31;
        var after = model.Logits(Tensor.From(ids, 1, 12)).ToArray();
        // Not to the bit: an expert that got one token more may sum in another order.
        for (var i = 0; i < 8 * 31; i++)
            Assert.Equal(before[i], after[i], 1e-4f);
        Assert.NotEqual(before[(8 * 31)..(9 * 31)], after[(8 * 31)..(9 * 31)]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_parameter_gets_a_gradient(string name)
    {
        var model = TinyModels.Create(TinyModels.Named(name));
        var ids = TinyModels.Ids(2 * 24 + 2);
        var loss = model.Loss(Tensor.From(ids.AsSpan(0, 48), 2, 24), Tensor.From(ids.AsSpan(1, 48), 2, 24));
        loss.Total.Backward();
        foreach (var (parameter, tensor) in model.NamedParameters())
            Assert.True(tensor.Grad is { } grad && grad.ToArray().Any(g => g != 0), $"{parameter} has no gradient");
    }

    [Fact]
    public void A_fresh_model_is_about_as_good_as_guessing()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        var ids = TinyModels.Ids(25);
        var loss = model.Loss(Tensor.From(ids.AsSpan(0, 24), 1, 24), Tensor.From(ids.AsSpan(1, 24), 1, 24)).CrossEntropy.Item();
        Assert.InRange(loss, Math.Log(31) - 0.3, Math.Log(31) + 0.3);
    }

    [Fact]
    public void Too_many_tokens_and_wrong_shapes_are_errors_that_say_so()
    {
        var model = new Transformer(TinyModels.Gpt, new RandomStream(1));
        Assert.Contains("exceed the context of 24",
            Assert.Throws<ArgumentException>(() => model.Logits(Tensor.From(new int[25], 1, 25))).Message);
        Assert.Contains("[batch, time]", Assert.Throws<ArgumentException>(() => model.Logits(Tensor.From(new int[5], 5))).Message);
    }

    [Fact]
    public void A_configuration_that_contradicts_itself_is_refused()
    {
        Assert.Contains("share", Assert.Throws<ArgumentException>(() => new Transformer(
            TinyModels.Gpt with { Attention = new() { Heads = 4, KeyValueHeads = 3, HeadSize = 4 } }, new RandomStream(1))).Message);
        Assert.Contains("5 of 4 experts", Assert.Throws<ArgumentException>(() => new Transformer(
            TinyModels.Mixtral with { MixtureOfExperts = TinyModels.Mixtral.MixtureOfExperts! with { TopK = 5 } },
            new RandomStream(1))).Message);
    }

    [Fact]
    public void Attention_rows_are_distributions_over_what_may_be_seen()
    {
        var model = TinyModels.Create(TinyModels.Mistral);
        using var noGrad = new NoGrad();
        var x = Tensor.Normal(new RandomStream(3), 0, 1, 1, 12, 16);
        var probabilities = model.Blocks[0].Attention.Probabilities(x).ToArray();
        for (var head = 0; head < 4; head++)
        {
            for (var i = 0; i < 12; i++)
            {
                var row = probabilities.AsSpan((head * 12 + i) * 12, 12);
                Assert.Equal(1, row.ToArray().Sum(), 1e-5f);
                for (var j = 0; j < 12; j++)
                    Assert.Equal(j <= i && j > i - 5, row[j] > 0);
            }
        }
    }

    [Fact]
    public void Without_gradients_many_blocks_take_the_working_memory_of_one()
    {
        // A device of its own, since all tests share the processor's pool.
        static long Working(int layers)
        {
            var device = new Device(new CpuKernels());
            var model = TinyModels.Create(TinyModels.Mixtral with { Layers = layers });
            model.MoveTo(device);
            using var noGrad = new NoGrad();
            using var scope = new TensorScope();
            device.ResetPeak();
            var before = device.Memory.Live;
            model.Logits(Tensor.From(new int[12], 1, 12));
            return device.Memory.Peak - before;
        }

        Assert.InRange((double)Working(12) / Working(2), 0.9, 2);
    }
}
