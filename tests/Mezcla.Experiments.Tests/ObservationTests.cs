using FsCheck.Xunit;
using Mezcla.Charts;
using Mezcla.Experiments.Observation;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;

namespace Mezcla.Experiments.Tests;

public class ObservationTests
{
    private static readonly BytePairTokenizer Bytes = BytePairTokenizer.Train("", 256);

    internal static Transformer Model(Routing? routing = null, CapacityConfig? capacity = null)
    {
        var config = new TransformerConfig
        {
            VocabularySize = 256,
            ContextLength = 16,
            Layers = 2,
            HiddenSize = 12,
            Attention = new() { Heads = 2, KeyValueHeads = 2, HeadSize = 6 },
            FeedForward = new(16, Activation.Silu, Gated: true),
            MixtureOfExperts = new()
            {
                Experts = 4,
                TopK = 2,
                Expert = new(8, Activation.Silu, Gated: true),
                Routing = routing ?? new TopKSoftmaxRouting(),
                Capacity = capacity
            },
            InitializerRange = 0.3f,
        };
        return new(config, new RandomStream(3));
    }

    [Fact]
    public void Every_token_of_every_window_is_observed_once()
    {
        const string text = "The whale, the whale! Cried the mate; and forty more characters.";
        var observed = ObservedRouting.Of(Model(), Bytes, text);
        Assert.Equal(text.Length, observed.Ids.Count);
        Assert.Equal(text, Bytes.Decode([.. observed.Ids]));
        Assert.Equal(Enumerable.Range(0, text.Length).Select(i => i % 16 == 0), observed.Starts);
        Assert.Equal([0, 1], observed.Layers.Select(l => l.Layer));
        Assert.All(observed.Layers, layer => Assert.All(layer.Choices.Zip(layer.Weights), pair =>
        {
            Assert.Equal(2, pair.First.Distinct().Count());
            Assert.Equal(1, pair.Second.Sum(), 1e-5f);
        }));
        Assert.Throws<ArgumentException>(
            () => ObservedRouting.Of(new Transformer(Model().Config with { MixtureOfExperts = null }, new RandomStream(1)), Bytes, text));
        Assert.Throws<ArgumentException>(() => ObservedRouting.Of(Model(), Bytes, ""));
    }

    [Fact]
    public void Windows_may_be_shorter_and_begin_with_a_token_that_is_not_observed()
    {
        var model = Model();
        int[] ids = [.. Enumerable.Range(0, 20).Select(i => 97 + i)];
        var reads = new List<int>();
        var observed = ObservedRouting.Of(model, [new("text", ids)], window: 8, begin: 1, reads.Add);
        Assert.Equal(ids, observed.Ids);
        Assert.Equal([8, 16, 20], reads);
        var second = model.Observe(Tensor.From([1, .. ids[8..16]], 1, 9)).Layers[1].PerToken().Skip(1).Select(t => t.Experts);
        Assert.Equal(second, observed.Layers[1].Choices.Skip(8).Take(8));
        // With the token before it a window fits into the context.
        Assert.Equal(2, ObservedRouting.Of(model, [new("text", ids)], begin: 1).Starts.Count(start => start));
    }

    [Fact]
    public void A_domain_prefers_nothing_where_the_token_alone_decides()
    {
        KeyValuePair<string, int[]>[] domains =
            [new("a", [.. Enumerable.Range(0, 400).Select(i => i * i % 7)]), new("b", [.. Enumerable.Range(0, 300).Select(i => i % 9)])];
        var hashed = DomainPreferences.Of(ObservedRouting.Of(Model(new HashRouting()), domains));
        Assert.Equal(2 * 2 * 4, hashed.All.Count);
        Assert.All(hashed.All, p => Assert.Equal(p.Expected, p.Share, 1e-12));
        Assert.DoesNotContain(hashed.Largest(), p => p.Deviations > 1e-6);

        // Where the context takes part, shares and what tokens explain add up to the two experts of a token, in each domain.
        var observed = ObservedRouting.Of(Model(), domains);
        var preferences = DomainPreferences.Of(observed);
        Assert.Contains(preferences.All, p => p.Deviations > 3);
        foreach (var group in preferences.All.GroupBy(p => (p.Layer, p.Domain)))
        {
            Assert.Equal(2, group.Sum(p => p.Share), 1e-9);
            Assert.Equal(2, group.Sum(p => p.Expected), 1e-9);
        }
        // By hand: the token 1, an expert of the first block, the first domain.
        foreach (var group in preferences.All.GroupBy(p => (p.Layer, p.Expert)))
            Assert.Equal(0, group.Sum(p => p.Tokens * (p.Share - p.Expected)), 1e-6);
        int[] shared = [.. observed.Ids.Distinct().Where(id => domains.All(d => d.Value.Contains(id)))];
        int[] places = [.. Enumerable.Range(0, observed.Ids.Count).Where(i => shared.Contains(observed.Ids[i]))];
        var (layer, expected) = (observed.Layers[1], 0.0);
        foreach (var i in places.Where(i => observed.DomainOf[i] == 1))
        {
            int[] same = [.. places.Where(j => observed.Ids[j] == observed.Ids[i])];
            expected += (double)same.Count(j => layer.Choices[j].Contains(3)) / same.Length;
        }
        var one = preferences.All.Single(p => p is { Layer: 1, Domain: "b", Expert: 3 });
        Assert.Equal(expected, one.Expected * one.Tokens, 1e-6);
        Assert.Contains("deviations", preferences.ToString());
    }

    [Fact]
    public void Pairs_of_experts_add_up_to_all_tokens()
    {
        var observed = ObservedRouting.Of(Model(), Bytes, string.Concat(Enumerable.Repeat("the whale and the ship. ", 30)));
        var pairs = CoActivation.Of(observed);
        Assert.Equal(2 * 6, pairs.Pairs.Count);
        foreach (var group in pairs.Pairs.GroupBy(p => p.Layer))
        {
            Assert.Equal(1, group.Sum(p => p.Share), 1e-9);
            Assert.Equal(1, group.Sum(p => p.ByChance), 1e-9);
        }
        var load = ObservedLoad.Of(observed);
        var shares = load.Shares(observed.Layers[0]);
        Assert.Equal(1, shares.Sum(), 1e-9);
        var together = pairs.Pairs.Where(p => p.Layer == 0 && (p.Expert == 2 || p.Other == 2)).Sum(p => p.Share);
        Assert.Equal(2 * shares[2], together, 1e-9);
        Assert.Contains("<table", pairs.ToMimeBundle()["text/html"]);
        Assert.Contains("entropy", load.ToString());
    }

    [Fact]
    public void Mutual_information_of_equal_labels_is_their_entropy_and_of_independent_ones_nothing()
    {
        int[] labels = [.. Enumerable.Range(0, 4000).Select(i => i % 4)];
        Assert.Equal(Math.Log(4), MutualInformation.Counted(labels, labels), 1e-9);
        Assert.Equal(Math.Log(4), MutualInformation.Of(labels, labels), 0.01);
        var random = new RandomStream(5);
        int[] other = [.. labels.Select(_ => random.NextInt(200))];
        Assert.True(MutualInformation.Counted(labels, other) > 0.05); // the bias that shuffling takes away
        Assert.Equal(0, MutualInformation.Of(labels, other), 0.015);
        // By hand: two fair coins, one of which repeats the other in 3 of 4 throws: ln 2 - H(1/4).
        int[] a = [0, 0, 0, 0, 1, 1, 1, 1], b = [0, 0, 0, 1, 1, 1, 1, 0];
        Assert.Equal(Math.Log(2) + 0.25 * Math.Log(0.25) + 0.75 * Math.Log(0.75), MutualInformation.Counted(a, b), 1e-12);
    }

    [Fact]
    public void What_a_known_token_explains_is_no_longer_the_domains()
    {
        // Half the tokens stand in one domain only, and the expert follows from the token alone.
        var random = new RandomStream(6);
        int[] domain = [.. Enumerable.Range(0, 4000).Select(_ => random.NextInt(2))];
        int[] token = [.. domain.Select(d => random.NextInt(2) == 0 ? d : 2 + random.NextInt(2))];
        int[] expert = [.. token.Select(t => t % 2)];
        Assert.True(MutualInformation.Of(expert, domain) > 0.1);
        Assert.Equal(0, MutualInformation.Given(expert, domain, token), 1e-9);
        // And where the expert is the domain, the token takes nothing away but what it tells itself.
        int[] neutral = [.. domain.Select(_ => random.NextInt(4))];
        Assert.Equal(Math.Log(2), MutualInformation.Given(domain, domain, neutral), 0.01);
    }

    [Property]
    public void Mutual_information_is_symmetric_and_within_its_bounds(byte[] left, byte[] right)
    {
        var count = Math.Min(left.Length, right.Length);
        if (count == 0)
            return;
        int[] a = [.. left.Take(count).Select(x => x % 5)], b = [.. right.Take(count).Select(x => x % 3)];
        var shared = MutualInformation.Counted(a, b);
        Assert.Equal(shared, MutualInformation.Counted(b, a), 1e-12);
        Assert.InRange(shared, -1e-12, Math.Min(MutualInformation.Entropy(a), MutualInformation.Entropy(b)) + 1e-12);
    }

    [Fact]
    public void Hash_routing_is_all_token_and_random_routing_is_nothing()
    {
        var texts = new Dictionary<string, int[]> { ["a"] = Text("abcdefgh ", 1), ["b"] = Text("efghijkl ", 2) };
        LayerSpecialization hash = Specialization.Of(ObservedRouting.Of(Model(new HashRouting()), texts)).Layers[0];
        // both experts of a token weigh the same, so that the first is the smaller number: still a function of the token
        Assert.InRange(hash.Token, 0.6, 1.01);
        Assert.Equal(0, hash.DomainGivenToken, 0.01);
        LayerSpecialization random = Specialization.Of(ObservedRouting.Of(Model(new RandomRouting()), texts)).Layers[0];
        Assert.Equal(0, random.Token, 0.02);
        Assert.Equal(0, random.Domain, 0.02);

        static int[] Text(string letters, ulong seed)
        {
            var stream = new RandomStream(seed);
            return [.. Enumerable.Range(0, 2000).Select(_ => (int)letters[stream.NextInt(letters.Length)])];
        }
    }

    [Fact]
    public void Repeats_are_counted_within_windows_only_and_compared_with_chance()
    {
        // Hash routing by byte: in "aaaa…" every token follows itself; in alternating text of two experts none does.
        Transformer model = Model(new HashRouting());
        Assert.Equal(1, Repetition.Of(ObservedRouting.Of(model, Bytes, new string('a', 64))).Layers[0].First);
        var all = ObservedRouting.Of(model, Bytes, "abcdefghijklmnop");
        var first = all.Layers[0].First[0];
        var other = (char)all.Ids[Enumerable.Range(0, 16).First(i => all.Layers[0].First[i] != first)];
        LayerRepetition alternating =
            Repetition.Of(ObservedRouting.Of(model, Bytes, string.Concat(Enumerable.Repeat("a" + other, 32)))).Layers[0];
        Assert.Equal(0, alternating.First);
        Assert.Equal(0.5, alternating.FirstByChance, 1e-12);
    }

    [Fact]
    public void A_block_overlaps_itself_and_random_blocks_do_not()
    {
        var observed = ObservedRouting.Of(Model(new RandomRouting()), [new("x", [.. Enumerable.Range(0, 4000).Select(i => i % 256)])]);
        var overlap = LayerOverlap.Of(observed).Shares;
        Assert.Equal(1, overlap[0, 0]);
        // Both blocks draw from the same seed, so that their draws are the same: the extreme that the measure must find.
        Assert.Equal(1, overlap[0, 1], 0.02);
        var learned =
            LayerOverlap.Of(ObservedRouting.Of(Model(), [new("x", [.. Enumerable.Range(0, 4000).Select(i => i * 7 % 256)])])).Shares;
        Assert.InRange(learned[0, 1], -0.01, 0.99);
        Assert.Equal(learned[0, 1], learned[1, 0]);
    }

    [Fact]
    public void An_experts_tokens_are_shared_out_by_type()
    {
        var table = ExpertTokens.Of(ObservedRouting.Of(Model(), Bytes, string.Concat(Enumerable.Repeat("Ab 1,c\n", 60))), Bytes);
        Assert.Equal(1, table.Layer);
        Assert.Equal(1, table.Experts.Sum(e => e.Load), 1e-9);
        Assert.All(table.Experts.Where(e => e.Load > 0), e => Assert.Equal(1, e.Types.Sum(), 1e-9));
        int[] types = [.. new[] { " the", "ing", " Whale", "12", ", ", "\n ", "" }.Select(ExpertTokens.TypeOf)];
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], types);
    }

    [Fact]
    public void A_map_shows_every_token_and_says_what_was_dropped()
    {
        const string text = "mind the gap";
        TokenText map = TokenMap.Of(Model(capacity: new(0.2)), Bytes, text);
        Assert.Contains("dropped", map.ToHtml());
        Assert.Contains("m[", TokenMap.Of(Model(), Bytes, text, layer: 0).ToText());
        Assert.Contains("0, 1", Assert.Throws<ArgumentException>(() => TokenMap.Of(Model(), Bytes, text, layer: 7)).Message);
    }

    [Fact]
    public void Everything_displays_itself()
    {
        Transformer model = Model();
        var observed = ObservedRouting.Of(model, Bytes, "The quick brown fox jumps over the lazy dog, twice: 2 < 3.");
        RoutingTrace trace = model.Observe(Tensor.From([1, 2, 3, 4], 1, 4));
        var history = new LoadHistory();
        history.Add(1, trace);
        history.Add(10, trace);
        IReadOnlyDictionary<string, string>[] shown =
        [
            new ExpertLoad(trace).ToMimeBundle(), history.ToMimeBundle(), LayerOverlap.Of(observed).ToMimeBundle(),
            Specialization.Of(observed).ToMimeBundle(),
            Repetition.Of(observed).ToMimeBundle(), ExpertTokens.Of(observed, Bytes, seenAtLeast: 1).ToMimeBundle(),
        ];
        Assert.All(shown, bundle => Assert.Contains("<svg", bundle["text/html"]));
        Assert.All(shown, bundle => Assert.NotEmpty(bundle["text/plain"]));
        Assert.Equal([1, 10], history.Steps);
    }
}
