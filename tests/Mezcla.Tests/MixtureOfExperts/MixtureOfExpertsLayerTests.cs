using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Tests.MixtureOfExperts;

public class MixtureOfExpertsLayerTests
{
    private const int Hidden = 6, Experts = 4, Width = 5;

    private static MixtureOfExpertsConfig Moe(Routing? routing = null, int topK = 2) => new()
    {
        Experts = Experts,
        TopK = topK,
        Expert = new(Width, Activation.Silu, Gated: true),
        Routing = routing ?? new TopKSoftmaxRouting(),
    };

    private static MixtureOfExpertsLayer Layer(MixtureOfExpertsConfig moe) =>
        new(moe, Hidden, new Initialization(new RandomStream(2), 0.6f), vocabularySize: TinyModels.Gpt.VocabularySize);

    private static Tensor Tokens(int count = 20, ulong seed = 3) => Tensor.Normal(new RandomStream(seed), 0, 1, count, Hidden);

    private static ForwardContext Training() =>
        new() { Training = true, Random = new RandomStream(8), TokenIds = Tensor.From(TinyModels.Ids(20), 1, 20) };

    private static RoutingTrace Trace(MixtureOfExpertsLayer layer, Tensor x, bool training = false)
    {
        var trace = new RoutingTrace();
        layer.Forward(x,
            new ForwardContext
            {
                Routing = trace,
                Training = training,
                Random = new RandomStream(8),
                TokenIds = Tensor.From(TinyModels.Ids(20), 1, 20)
            });
        return trace;
    }

    // One token through one expert, in plain float64.
    private static double[] Expert(MixtureOfExpertsLayer layer, int expert, float[] x)
    {
        var (up, down) = (layer.Up.Weight.ToArray(), layer.Down.Weight.ToArray());
        double Row(float[] w, int start, Func<int, double> input, int count) =>
            Enumerable.Range(0, count).Sum(i => w[start + i] * input(i));
        var hidden = Enumerable.Range(0, Width).Select(m =>
        {
            var a = Row(up, (expert * 2 * Width + m) * Hidden, i => x[i], Hidden);
            var b = Row(up, (expert * 2 * Width + Width + m) * Hidden, i => x[i], Hidden);
            return a / (1 + Math.Exp(-a)) * b;
        }).ToArray();
        return [.. Enumerable.Range(0, Hidden).Select(d => Row(down, (expert * Hidden + d) * Width, m => hidden[m], Width))];
    }

    [Fact]
    public void Sorted_and_grouped_equals_a_plain_loop_over_tokens()
    {
        var layer = Layer(Moe());
        var x = Tokens();
        var output = layer.Forward(x, new ForwardContext()).ToArray();
        var gate = ((LinearRouter)layer.Router).Gate.Weight.ToArray();
        var values = x.ToArray();
        for (var token = 0; token < 20; token++)
        {
            var row = values[(token * Hidden)..((token + 1) * Hidden)];
            var logits = Enumerable.Range(0, Experts)
                .Select(e => Enumerable.Range(0, Hidden).Sum(i => (double)gate[e * Hidden + i] * row[i])).ToArray();
            var best = Enumerable.Range(0, Experts).OrderByDescending(e => logits[e]).Take(2).ToArray();
            var first = 1 / (1 + Math.Exp(logits[best[1]] - logits[best[0]]));
            var (one, two) = (Expert(layer, best[0], row), Expert(layer, best[1], row));
            for (var d = 0; d < Hidden; d++)
                Assert.Equal(first * one[d] + (1 - first) * two[d], output[token * Hidden + d], 1e-4);
        }
    }

    public static TheoryData<Routing, int> Routings => new()
    {
        { new TopKSoftmaxRouting(), 2 }, { new SoftmaxTopKRouting(), 2 }, { new SoftMixtureRouting(), 2 }, { new NoisyTopKRouting(), 2 },
        { new GShardRouting(), 2 },
        { new SwitchRouting(), 1 }, { new SigmoidRouting(), 2 }, { new SigmoidRouting { Groups = 2, ChosenGroups = 1 }, 2 },
        { new SigmoidRouting { Normalize = false, WeighInput = true }, 1 },
        { new ExpertChoiceRouting(), 2 }, { new HashRouting(), 2 }, { new RandomRouting(), 2 },
    };

    [Theory]
    [MemberData(nameof(Routings))]
    public void Every_routing_sends_gradients_to_the_experts_and_where_it_learns_to_the_router(Routing routing, int topK)
    {
        var layer = Layer(Moe(routing, topK));
        layer.Forward(Tokens(), Training()).Square().Sum().Backward();
        Assert.Contains(layer.Up.Weight.Grad!.ToArray(), g => g != 0);
        foreach (var (name, tensor) in layer.Router.NamedParameters())
            Assert.True(tensor.Grad is { } grad && grad.ToArray().Any(g => g != 0),
                $"{routing.GetType().Name}: no gradient reaches {name}");
        Assert.Equal(routing is HashRouting or RandomRouting, !layer.Router.NamedParameters().Any());
    }

    [Theory]
    [MemberData(nameof(Routings))]
    public void A_routing_survives_JSON(Routing routing, int topK)
    {
        var config = TinyModels.Gpt with { MixtureOfExperts = Moe(routing, topK) };
        var json = System.Text.Json.JsonSerializer.Serialize(config, ConfigJson.Options);
        Assert.Equal(config, System.Text.Json.JsonSerializer.Deserialize<TransformerConfig>(json, ConfigJson.Options));
    }

    [Fact]
    public void Weights_of_normalized_routings_sum_to_one_and_Switch_keeps_its_probability()
    {
        foreach (var routing in new Routing[] { new TopKSoftmaxRouting(), new SigmoidRouting(), new NoisyTopKRouting(), new GShardRouting(),
            new SoftMixtureRouting() })
            foreach (var token in Trace(Layer(Moe(routing)), Tokens()).Layers[0].Assignments.GroupBy(a => a.Token))
                Assert.Equal(1, token.Sum(a => a.Weight), 1e-5f);
        var single = Trace(Layer(Moe(new SwitchRouting(), 1)), Tokens()).Layers[0];
        for (var token = 0; token < 20; token++)
        {
            var logits = single.Logits[(token * Experts)..((token + 1) * Experts)];
            Assert.Equal(1 / logits.Sum(l => Math.Exp(l - logits.Max())), single.Assignments[token].Weight, 1e-5);
        }
    }

    [Fact]
    public void Exactly_k_experts_compute_a_token_and_the_rest_get_no_gradient()
    {
        var layer = Layer(Moe());
        var x = Tokens(1);
        var chosen = Trace(layer, x).Layers[0].Assignments.Select(a => a.Expert).ToHashSet();
        Assert.Equal(2, chosen.Count);
        layer.Forward(x, new ForwardContext()).Sum().Backward();
        var gradient = layer.Down.Weight.Grad!.ToArray();
        for (var expert = 0; expert < Experts; expert++)
            Assert.Equal(chosen.Contains(expert), gradient[(expert * Hidden * Width)..((expert + 1) * Hidden * Width)].Any(g => g != 0));
    }

    [Fact]
    public void Permuting_the_experts_permutes_nothing_else()
    {
        var (layer, other) = (Layer(Moe()), Layer(Moe()));
        int[] order = [2, 0, 3, 1];
        void Permute(Tensor from, Tensor to)
        {
            var values = from.ToArray();
            var size = values.Length / Experts;
            Module.Assign(to, [.. order.SelectMany(e => values[(e * size)..((e + 1) * size)])]);
        }

        Permute(layer.Up.Weight, other.Up.Weight);
        Permute(layer.Down.Weight, other.Down.Weight);
        Permute(((LinearRouter)layer.Router).Gate.Weight, ((LinearRouter)other.Router).Gate.Weight);
        var (a, b) = (layer.Forward(Tokens(), new ForwardContext()).ToArray(), other.Forward(Tokens(), new ForwardContext()).ToArray());
        for (var i = 0; i < a.Length; i++)
            Assert.Equal(a[i], b[i], 1e-5f);
    }

    [Fact]
    public void Noise_and_random_second_experts_are_for_training_only()
    {
        foreach (var routing in new Routing[] { new NoisyTopKRouting(), new GShardRouting() })
        {
            var layer = Layer(Moe(routing));
            var first = layer.Forward(Tokens(), new ForwardContext()).ToArray();
            Assert.Equal(first, layer.Forward(Tokens(), new ForwardContext()).ToArray());
            Assert.NotEqual(first, layer.Forward(Tokens(), Training()).ToArray());
            Assert.Throws<InvalidOperationException>(() => layer.Forward(Tokens(), new ForwardContext { Training = true }));
        }
    }

    [Fact]
    public void Expert_choice_loads_every_expert_alike()
    {
        var layer = Trace(Layer(Moe(new ExpertChoiceRouting())), Tokens()).Layers[0];
        Assert.All(layer.Load(), share => Assert.Equal(0.25, share, 1e-12));
        Assert.Equal(1, layer.LoadEntropy(), 1e-12);
    }

    [Fact]
    public void Hash_routing_sends_equal_ids_to_equal_experts()
    {
        var layer = Layer(Moe(new HashRouting()));
        var ids = TinyModels.Ids(20);
        var byId = Trace(layer, Tokens()).Layers[0].Assignments.GroupBy(a => ids[a.Token]).Where(g => g.Count() > 2);
        Assert.All(byId, group => Assert.Equal(2, group.Select(a => a.Expert).Distinct().Count()));
    }

    [Fact]
    public void A_capacity_that_is_never_reached_changes_nothing()
    {
        var dropless = Layer(Moe()).Forward(Tokens(), new ForwardContext()).ToArray();
        var roomy = Layer(Moe() with { Capacity = new(Factor: Experts) }).Forward(Tokens(), new ForwardContext()).ToArray();
        Assert.Equal(dropless, roomy);
    }

    [Theory]
    [InlineData(DropPolicy.FirstCome)]
    [InlineData(DropPolicy.ByWeight)]
    public void No_expert_exceeds_its_capacity_and_every_dropped_choice_is_told(DropPolicy policy)
    {
        var capacity = new CapacityConfig(0.7, policy);
        var limit = capacity.TokensPerExpert(20, 2, Experts);
        Assert.Equal(7, limit);
        var trace = Trace(Layer(Moe() with { Capacity = capacity }), Tokens()).Layers[0];
        Assert.All(trace.Assignments.GroupBy(a => a.Expert), group => Assert.InRange(group.Count(), 0, limit));
        Assert.Equal(40, trace.Assignments.Count + trace.Dropped.Count);
        Assert.NotEmpty(trace.Dropped);
        if (policy == DropPolicy.FirstCome)
            return;
        var free = Trace(Layer(Moe()), Tokens()).Layers[0];
        foreach (var (token, expert) in trace.Dropped)
        {
            var weight = free.Assignments.Single(a => a.Token == token && a.Expert == expert).Weight;
            Assert.All(trace.Assignments.Where(a => a.Expert == expert), kept => Assert.True(kept.Weight >= weight));
        }
    }

    [Fact]
    public void First_choices_come_before_second_choices()
    {
        var trace = Trace(Layer(Moe() with { Capacity = new(0.5) }), Tokens()).Layers[0];
        var free = Trace(Layer(Moe()), Tokens()).Layers[0];
        var firsts = free.Assignments.GroupBy(a => a.Token).ToDictionary(g => g.Key, g => g.MaxBy(a => a.Weight).Expert);
        foreach (var expert in trace.Dropped.Where(d => firsts[d.Token] == d.Expert).Select(d => d.Expert).Distinct())
            Assert.All(trace.Assignments.Where(a => a.Expert == expert), kept => Assert.Equal(expert, firsts[kept.Token]));
    }

    [Fact]
    public void Renormalized_weights_of_kept_experts_sum_to_what_they_were()
    {
        var trace = Trace(Layer(Moe() with { Capacity = new(0.6, DropPolicy.FirstCome, Renormalize: true) }), Tokens()).Layers[0];
        Assert.NotEmpty(trace.Dropped);
        foreach (var token in trace.Assignments.GroupBy(a => a.Token))
            Assert.Equal(1, token.Sum(a => a.Weight), 1e-5f);
    }

    [Fact]
    public void The_shared_expert_is_added()
    {
        var layer = Layer(Moe() with { SharedExperts = 1 });
        var with = layer.Forward(Tokens(), new ForwardContext()).ToArray();
        Module.Assign(layer.Shared!.Down.Weight, new float[layer.Shared.Down.Weight.Count]);
        Assert.NotEqual(with, layer.Forward(Tokens(), new ForwardContext()).ToArray());
    }

    [Fact]
    public void Distinct_experts_of_a_batch_follow_the_formula()
    {
        var moe = Moe(new RandomRouting(), 2) with { Experts = 16 };
        var layer = Layer(moe);
        foreach (var batch in new[] { 1, 4, 16 })
        {
            var mean = Enumerable.Range(0, 400)
                .Average(_ => Trace(layer, Tokens(batch)).Layers[0].Assignments.Select(a => a.Expert).Distinct().Count());
            var expected = 16 * (1 - Math.Pow(1 - 2.0 / 16, batch));
            Assert.InRange(mean, expected - 0.3, expected + 0.3);
        }
    }
}
