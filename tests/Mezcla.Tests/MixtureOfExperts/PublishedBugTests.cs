using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Tests.MixtureOfExperts;

/// <summary>
/// Mistakes that published Mixtures of Experts made. Each is written out here beside what Mezcla does, with a check that Mezcla passes and
/// the mistake does not: the check is shown to be able to fail.
/// </summary>
public class PublishedBugTests
{
    private const int Experts = 4, Hidden = 6, Width = 5, Count = 24;

    private static readonly MixtureOfExpertsConfig Moe = new()
    {
        Experts = Experts,
        TopK = 2,
        Expert = new(Width, Activation.Silu, Gated: true)
    };

    private static MixtureOfExpertsLayer Layer(MixtureOfExpertsConfig moe) =>
        new(moe, Hidden, new Initialization(new RandomStream(2), 0.6f), vocabularySize: TinyModels.Gpt.VocabularySize);

    private static Tensor Tokens(int count = Count) => Tensor.Normal(new RandomStream(3), 0, 1, count, Hidden);

    private static LayerRouting Routed(MixtureOfExpertsLayer layer, Tensor tokens, bool training = false)
    {
        var trace = new RoutingTrace();
        layer.Forward(tokens, new ForwardContext { Routing = trace, Training = training, Random = new RandomStream(4) });
        return trace.Layers[0];
    }

    private static bool MovesTheRouter(Func<Tensor, Tensor> loss)
    {
        var logits = Tensor.Normal(new RandomStream(1), 0, 1, Count, Experts);
        logits.RequiresGrad = true;
        var value = loss(logits);
        if (!value.RequiresGrad)
            return false;
        value.Backward();
        return logits.Grad!.ToArray().Any(g => Math.Abs(g) > 1e-7f);
    }

    [Fact]
    public void A_balance_loss_of_counts_alone_is_constant_to_the_router()
    {
        static Tensor CountsOnly(Tensor logits)
        {
            var shares = logits.TopK(2).Indices.CountByIndex(Experts) / (2f * Count);
            return (shares * shares).Sum() * Experts;
        }

        Assert.False(MovesTheRouter(CountsOnly));
        Assert.True(MovesTheRouter(logits => BalanceLosses.LoadBalancing(logits.Softmax(-1), logits.TopK(2).Indices)));
    }

    [Fact]
    public void A_balance_loss_whose_probabilities_are_those_of_the_chosen_cannot_raise_a_forgotten_expert()
    {
        // Experts 0 and 1 are chosen by all. What must grow are the others' logits, which a softmax over the chosen alone does not see.
        float[] ForgottenGradient(Func<Tensor, Tensor, Tensor> probabilities)
        {
            var logits = Tensor.From([.. Enumerable.Range(0, Count).SelectMany(_ => new[] { 3f, 2f, 0f, 0.5f })], Count, Experts);
            logits.RequiresGrad = true;
            var (values, chosen) = logits.TopK(2);
            BalanceLosses.LoadBalancing(probabilities(logits, values), chosen).Backward();
            return [.. logits.Grad!.ToArray().Where((_, i) => i % Experts >= 2)];
        }

        var overChosen = ForgottenGradient((_, values) => Tensor.Concatenate(1, values.Softmax(-1), Tensor.Zeros(Count, 2)));
        Assert.All(overChosen, g => Assert.Equal(0, g));
        Assert.All(ForgottenGradient((logits, _) => logits.Softmax(-1)), g => Assert.True(g < 0));
    }

    [Fact]
    public void Noise_left_on_gives_another_answer_each_time()
    {
        var layer = Layer(Moe with { Routing = new NoisyTopKRouting() });
        var noise = new RandomStream(9);
        float[] LeftOn() => layer.Forward(Tokens(), new ForwardContext { Training = true, Random = noise }).ToArray();
        Assert.NotEqual(LeftOn(), LeftOn());
        float[] Evaluated() => layer.Forward(Tokens(), new ForwardContext { Random = noise }).ToArray();
        Assert.Equal(Evaluated(), Evaluated());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public void Computing_every_expert_costs_what_the_counter_sees(int topK)
    {
        var layer = Layer(Moe with { TopK = topK });
        long expert = 2 * 3 * Hidden * Width, router = 2 * Hidden * Experts;
        Assert.Equal(Count * (router + topK * expert), Counted(() => layer.Forward(Tokens(), new ForwardContext())));
        // The mistake: all experts compute all tokens, and a mask of weights throws most
        // of it away. The numbers are the same; the work is not.
        Assert.Equal(Count * (router + Experts * expert), Counted(() => EveryExpert(layer, topK, Tokens())));
        var (right, wasteful) = (layer.Forward(Tokens(), new ForwardContext()).ToArray(), EveryExpert(layer, topK, Tokens()).ToArray());
        for (var i = 0; i < right.Length; i++)
            Assert.Equal(wasteful[i], right[i], 1e-5f);
    }

    [Theory]
    [InlineData("mixtral")]
    [InlineData("gpt-oss")]
    [InlineData("deepseek")]
    [InlineData("llama")]
    public void A_training_step_computes_what_the_active_parameters_say(string name)
    {
        var config = TinyModels.Named(name);
        var model = new Transformer(config, new RandomStream(1));
        const int batch = 2;
        var ids = Tensor.From(TinyModels.Ids(batch * config.ContextLength), batch, config.ContextLength);
        // Every matrix that a token uses, once forward and twice backward; biases, gains and the embedding's lookup take no products.
        var count = ParameterCount.Of(config);
        var small = model.NamedParameters()
            .Where(p => p.Name.EndsWith("bias", StringComparison.Ordinal) || p.Name.Contains("norm", StringComparison.Ordinal)
                || p.Name.Contains("sink", StringComparison.Ordinal)).ToArray();
        var unused = small.Where(p => !p.Name.Contains(".experts.up", StringComparison.Ordinal)
            && !p.Name.Contains(".experts.down", StringComparison.Ordinal)).Sum(p => p.Tensor.Count);
        unused +=
            small.Where(p => p.Name.Contains(".experts.up", StringComparison.Ordinal) || p.Name.Contains(".experts.down",
                StringComparison.Ordinal)).Sum(p => p.Tensor.Count / config.MixtureOfExperts!.Experts * config.MixtureOfExperts.TopK);
        var matrices = count.Active - count.SelectionBiases - unused - (config.TiedHead ? 0 : count.TokenEmbedding) - count.Positions;
        Assert.Equal(3 * 2 * matrices * ids.Count,
            Counted(() => model.Loss(ids, ids, new ForwardContext { Training = true, Random = new RandomStream(1) }).Total.Backward()));
    }

    [Fact]
    public void An_expert_without_tokens_costs_nothing_and_gets_no_gradient()
    {
        var layer = Layer(Moe with { TopK = 1 });
        // A gate of one row: all tokens with a positive first number go to expert 0.
        var gate = new float[Experts * Hidden];
        gate[0] = 50;
        Module.Assign(((LinearRouter)layer.Router).Gate.Weight, gate);
        var tokens = Tensor.From([.. Enumerable.Range(0, Count * Hidden).Select(i => 1f + i % 5)], Count, Hidden);
        var load = Routed(layer, tokens);
        Assert.Equal([1.0, 0, 0, 0], load.Load());
        Assert.Equal(Count * 2L * (Hidden * Experts + 3 * Hidden * Width), Counted(() => layer.Forward(tokens, new ForwardContext())));
        layer.Forward(tokens, new ForwardContext()).Sum().Backward();
        Assert.All(layer.Up.Weight.Grad!.ToArray().Skip(2 * Width * Hidden), g => Assert.Equal(0, g));
    }

    [Fact]
    public void Weights_taken_from_the_softmax_over_all_do_not_sum_to_one()
    {
        double Smallest(Routing routing) => Routed(Layer(Moe with { Routing = routing }), Tokens()).PerToken().Min(t => t.Weights.Sum());
        Assert.True(Smallest(new SoftmaxTopKRouting()) < 0.99);
        Assert.Equal(1, Smallest(new TopKSoftmaxRouting()), 1e-5);
    }

    [Fact]
    public void The_output_is_the_routed_part_and_the_shared_part()
    {
        var layer = Layer(Moe with { SharedExperts = 2 });
        var all = layer.Forward(Tokens(), new ForwardContext()).ToArray();
        var shared = layer.Shared!.Forward(Tokens()).ToArray();
        var routed = EveryExpert(layer, 2, Tokens()).ToArray();
        for (var i = 0; i < all.Length; i++)
            Assert.Equal(routed[i] + shared[i], all[i], 1e-4f);
        Assert.Contains(shared, value => Math.Abs(value) > 0.01f);
    }

    [Fact]
    public void Equal_logits_still_choose_k_different_experts()
    {
        // The mistake: a mask "logit >= the k-th largest" takes all that are equal.
        var logits = Tensor.From([1f, 1, 1, 0, 2, 1, 1, 1], 2, 4);
        var threshold = logits.TopK(2).Values.Slice(1, 1, 1);
        Assert.Equal([3f, 4f], (1 - logits.Less(threshold)).Sum(-1).ToArray());
        var layer = Layer(Moe);
        Module.Assign(((LinearRouter)layer.Router).Gate.Weight, new float[Experts * Hidden]);
        Assert.All(Routed(layer, Tokens()).PerToken(), token => Assert.Equal([0, 1], token.Experts.Order()));
        Assert.All(Routed(layer, Tokens()).PerToken(), token => Assert.Equal([0.5f, 0.5f], token.Weights));
    }

    [Fact]
    public void A_capacity_without_k_drops_half_of_an_even_load()
    {
        static int WithoutK(double factor, int tokens, int experts) => (int)Math.Ceiling(factor * tokens / experts);
        int right = new CapacityConfig(1).TokensPerExpert(64, 2, 8), wrong = WithoutK(1, 64, 8);
        // 64 tokens ask for 128 places; evenly loaded experts have 16 each.
        Assert.Equal(128, 8 * right);
        Assert.Equal(64, 8 * wrong);
    }

    public static TheoryData<Routing, int, bool> OneAndTwo => new()
    {
        { new TopKSoftmaxRouting(), 1, false }, { new TopKSoftmaxRouting(), 2, true },
        { new NoisyTopKRouting(), 1, false }, { new NoisyTopKRouting(), 2, true },
        { new SigmoidRouting(), 1, false }, { new SigmoidRouting(), 2, true },
        { new SigmoidRouting { Normalize = false }, 1, true }, { new SoftmaxTopKRouting(), 1, true }, { new SwitchRouting(), 1, true },
        { new SoftmaxTopKRouting(), 2, true }, { new GShardRouting(), 2, true }, { new ExpertChoiceRouting(), 1, true },
        { new SoftMixtureRouting(), 1, true },
    };

    [Theory]
    [MemberData(nameof(OneAndTwo))]
    public void A_single_weight_normalized_to_one_carries_no_gradient_to_the_router(Routing routing, int topK, bool learns)
    {
        var moe = Moe with { TopK = topK, Routing = routing };
        var layer = Layer(moe);
        layer.Forward(Tokens(), new ForwardContext { Training = true, Random = new RandomStream(4) }).Square().Sum().Backward();
        // Rounding leaves a trace of a gradient where two equal terms cancel.
        var nothing = 1e-4f * Largest(layer.Up.Weight);
        Assert.Equal(learns, layer.Router.NamedParameters().Any(p => Largest(p.Tensor) > nothing));
        Assert.Equal(learns, routing.RouterLearns(topK));

        // Training refuses what could never learn. With a single expert there is nothing to choose.
        foreach (var experts in (int[])[Experts, 1])
        {
            if (experts < topK || routing is ExpertChoiceRouting or SoftMixtureRouting)
                continue;
            var model = new Transformer(TinyModels.Mixtral with { MixtureOfExperts = moe with { Experts = experts } }, new RandomStream(1));
            var error = Record.Exception(() => new Trainer(model, new TokenBatches(new int[1000]), new TrainingConfig()));
            if (learns || experts == 1)
                Assert.Null(error);
            else
                Assert.Contains("router cannot learn", Assert.IsType<ArgumentException>(error).Message);
        }

        static float Largest(Tensor tensor) => tensor.Grad?.ToArray().Max(Math.Abs) ?? 0;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_choice_disappears_without_being_told(bool renormalize)
    {
        var layer = Layer(Moe with { Capacity = new(0.5, Renormalize: renormalize) });
        var routing = Routed(layer, Tokens());
        Assert.All(routing.PerToken(), token => Assert.Equal(2, token.Experts.Length + token.Dropped.Length));
        Assert.NotEmpty(routing.Dropped);
        Assert.Equal(routing.Dropped.Count / (2.0 * Count), routing.DroppedShare(), 1e-12);
        // A token that every expert dropped adds nothing to its residual stream.
        var output = layer.Forward(Tokens(), new ForwardContext()).ToArray();
        var lost = routing.PerToken().Where(token => token.Experts.Length == 0).ToArray();
        Assert.NotEmpty(lost);
        Assert.All(lost,
            token => Assert.All(output[(token.Token * Hidden)..((token.Token + 1) * Hidden)], value => Assert.Equal(0, value)));
    }

    [Fact]
    public void A_router_in_bfloat16_is_rounded_and_one_in_float32_is_not()
    {
        var (exact, rounded) = (Routed(Layer(Moe), Tokens()), Routed(Layer(Moe with { RouterPrecision = DType.BFloat16 }), Tokens()));
        Assert.All(rounded.Logits, logit => Assert.Equal(0u, BitConverter.SingleToUInt32Bits(logit) & 0xffff));
        Assert.Contains(exact.Logits, logit => (BitConverter.SingleToUInt32Bits(logit) & 0xffff) != 0);
        for (var i = 0; i < exact.Logits.Length; i++)
            Assert.Equal(exact.Logits[i], rounded.Logits[i], 0.02f * (1 + Math.Abs(exact.Logits[i])));
    }

    [Fact]
    public void A_cure_that_the_routing_cannot_take_is_refused()
    {
        void Create(MixtureOfExpertsConfig moe) => (TinyModels.Gpt with { MixtureOfExperts = moe }).Validate();
        Assert.Contains("BiasUpdate",
            Assert.Throws<ArgumentException>(() => Create(Moe with { Balance = new() { BiasUpdate = 0.001f } })).Message);
        Assert.Contains("Load", Assert.Throws<ArgumentException>(() => Create(Moe with { Balance = new() { Load = 0.1f } })).Message);
        Assert.Contains("Capacity", Assert.Throws<ArgumentException>(() => Create(Moe with { Capacity = new(0) })).Message);
    }

    private static long Counted(Action work)
    {
        using var counter = new FlopCounter();
        work();
        return counter.Flops;
    }

    private static Tensor EveryExpert(MixtureOfExpertsLayer layer, int topK, Tensor tokens)
    {
        var (values, chosen) = ((LinearRouter)layer.Router).Gate.Forward(tokens).TopK(topK);
        var (weights, indices) = (values.Softmax(-1).ToArray(), chosen.ToIntArray());
        var mask = new float[Experts, tokens.Size(0)];
        for (var i = 0; i < indices.Length; i++)
            mask[indices[i], i / topK] = weights[i];
        var sum = Tensor.Zeros(tokens.Size(0), Hidden);
        for (var expert = 0; expert < Experts; expert++)
        {
            var up = tokens.Linear(layer.Up.Weight.Slice(0, expert, 1).Reshape(2 * Width, Hidden));
            var computed = ActivationFunctions.Apply(up, Moe.Expert).Linear(layer.Down.Weight.Slice(0, expert, 1).Reshape(Hidden, Width));
            sum += computed * Tensor.From([.. Enumerable.Range(0, tokens.Size(0)).Select(t => mask[expert, t])], tokens.Size(0), 1);
        }

        return sum;
    }
}
