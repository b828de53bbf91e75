using Mezcla.Experiments.Inference;
using Mezcla.Generation;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Tests.Generation;

public class GeneratorTests
{
    private static readonly BytePairTokenizer Letters = BytePairTokenizer.Train("the cat sat on the mat and the rat", 260);

    private static Transformer Model(ulong seed = 1) =>
        TinyModels.Create(TinyModels.Llama with { VocabularySize = Letters.VocabularySize }, seed);

    [Fact]
    public void Greedy_generation_takes_the_most_likely_token_of_a_full_recomputation()
    {
        var model = Model();
        int[] prompt = [10, 20, 30];
        var generated = new Generator(model, Letters).Tokens(prompt, 15).ToArray();
        var all = prompt.ToList();
        using var noGrad = new NoGrad();
        foreach (var id in generated)
        {
            var logits = model.Logits(Tensor.From(all.ToArray(), 1, all.Count)).ToArray();
            Assert.Equal(Sampler.ArgMax(logits.AsSpan(logits.Length - Letters.VocabularySize)), id);
            all.Add(id);
        }
    }

    [Fact]
    public void Generation_goes_on_past_the_context()
    {
        var generated = new Generator(Model(), Letters).Tokens([1, 2, 3], 100).ToArray();
        Assert.Equal(100, generated.Length);
        Assert.Equal(generated, new Generator(Model(), Letters).Tokens([1, 2, 3], 100).ToArray());
    }

    [Fact]
    public void A_kept_cache_reads_only_what_is_new()
    {
        CountingCache? cache = null;
        using var generator = new Generator(Model(), Letters, (layers, capacity) => cache = new(layers, capacity)) { KeepsCache = true };
        int[] prompt = [10, 20, 30, 40];
        var first = generator.Tokens(prompt, 5).ToArray();
        Assert.Equal(8, cache!.Read); // the last token is drawn and not read
        int[] longer = [.. prompt, .. first, 50, 60];
        Assert.Equal(new Generator(Model(), Letters).Tokens(longer, 4).ToArray(), generator.Tokens(longer, 4).ToArray());
        Assert.Equal(8 + 3 + 3, cache.Read);
        // The same prompt: its last token is read again, for its logits.
        Assert.Equal(first, generator.Tokens(prompt, 5).ToArray());
        Assert.Equal(8 + 3 + 3 + 1 + 4, cache.Read);
        int[] other = [10, 20, 7];
        Assert.Equal(new Generator(Model(), Letters).Tokens(other, 100).ToArray(), generator.Tokens(other, 100).ToArray());
        Assert.Equal(new Generator(Model(), Letters).Tokens(prompt, 5).ToArray(), generator.Tokens(prompt, 5).ToArray());
    }

    // Counts the tokens that are stored in its first layer.
    private sealed class CountingCache(int layers, int capacity) : KeyValueCache(layers, capacity)
    {
        public int Read { get; private set; }

        public override (Tensor Keys, Tensor Values) Store(int layer, Tensor keys, Tensor values)
        {
            Read += layer == 0 ? keys.Size(1) : 0;
            return base.Store(layer, keys, values);
        }
    }

    [Fact]
    public void Samples_differ_and_seeds_repeat()
    {
        var generator = new Generator(Model(), Letters);
        var sampling = new SamplingConfig { Seed = 4 };
        Assert.Equal(generator.Text("the", 12, sampling), generator.Text("the", 12, sampling));
        Assert.NotEqual(generator.Text("the", 12, sampling), generator.Text("the", 12, sampling, sample: 1));
        Assert.StartsWith("the", generator.Text("the", 12, sampling));
    }

    [Fact]
    public void A_stop_string_ends_the_text_before_it_even_across_tokens()
    {
        var generator = new Generator(Model(), Letters);
        var sampling = new SamplingConfig { Seed = 9 };
        var free = string.Concat(generator.Stream("the", 24, sampling));
        var stop = free.Substring(free.Length / 2, 2);
        Assert.Equal(free[..free.IndexOf(stop, StringComparison.Ordinal)], string.Concat(generator.Stream("the", 24, sampling, [stop])));
    }

    [Fact]
    public void What_could_become_a_stop_string_is_held_back_and_characters_stay_whole()
    {
        var tokenizer = BytePairTokenizer.Train("🙂é🙂é", 256, SplitPattern.None);
        // What a random model writes is full of halves of characters.
        var generator = new Generator(TinyModels.Create(TinyModels.Llama with { VocabularySize = 256 }), tokenizer);
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var sampling = new SamplingConfig { Seed = seed };
            var pieces = generator.Stream("🙂", 24, sampling, ["zz🙂", "\0\0\0"]).ToArray();
            Assert.All(pieces, piece => Assert.False(char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0])));
            var ids = generator.Tokens(generator.Encode("🙂"), 24, sampling).ToArray();
            Assert.Equal(tokenizer.Decode(ids), string.Concat(pieces));
        }

        Assert.Contains("empty stop", Assert.Throws<ArgumentException>(() => generator.Text("a", 3, stop: ["x", ""])).Message);
    }

    [Fact]
    public void A_text_begins_and_ends_as_its_model_expects()
    {
        var special = BytePairTokenizer.Train("the cat", 258, SplitPattern.Gpt4, "<s>", "<|endoftext|>");
        int begin = special.SpecialTokens["<s>"], end = special.SpecialTokens["<|endoftext|>"];
        var model = TinyModels.Create(TinyModels.Llama with { VocabularySize = special.VocabularySize });
        Assert.Equal([116], new Generator(model, special).Encode("t"));
        Assert.Equal([begin], new Generator(model, special).Encode(""));
        const string Template = """
            "post_processor": {"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
            "pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]}}}
            """;
        var json = special.ToJson();
        Assert.Contains("\"post_processor\": null", json);
        var begun = TokenizerFile.FromJson(json.Replace("\"post_processor\": null", Template.Replace("[0]", $"[{begin}]")));
        Assert.True(begun.ExpectsBeginOfText);
        Assert.Equal([begin, 116], new Generator(model, begun).Encode("t"));
        Assert.Equal([begin, 116], new Generator(model, begun).Encode("<s>t"));
        // A head that answers every text with its end: nothing is continued.
        var ended = new Transformer(model.Config with { Norm = new(NormKind.LayerNorm) }, new RandomStream(1));
        Module.Assign(ended.FinalNorm.Weight, new float[16]);
        Module.Assign(ended.FinalNorm.Bias!, [.. Enumerable.Repeat(1f, 16)]);
        Module.Assign(ended.Head!.Weight, [.. Enumerable.Range(0, special.VocabularySize * 16).Select(i => i / 16 == end ? 1f : 0)]);
        Assert.Equal([end], new Generator(ended, begun).Tokens([116], 1).ToArray());
        Assert.Equal("the", new Generator(ended, begun).Text("the", 5));
    }

    [Fact]
    public void An_empty_prompt_and_foreign_ids_are_errors()
    {
        var generator = new Generator(Model(), Letters);
        Assert.Throws<ArgumentException>(() => generator.Text("", 3));
        Assert.Contains("vocabulary", Assert.Throws<ArgumentException>(() => generator.Tokens([9999], 3)).Message);
    }

    [Fact]
    public void Speculative_decoding_with_greedy_sampling_writes_what_the_target_writes()
    {
        var (target, draft) = (Model(), Model(2));
        var alone = new Generator(target, Letters).Tokens([5, 6, 7], 12).ToArray();
        var result = new SpeculativeDecoding(target, draft, 3).Generate([5, 6, 7], 12, SamplingConfig.Greedy);
        Assert.Equal(alone, result.Tokens);
    }

    [Fact]
    public void A_model_accepts_all_its_own_guesses()
    {
        var result = new SpeculativeDecoding(Model(), Model(), 3).Generate([5, 6, 7], 12, new SamplingConfig { Seed = 2 });
        Assert.Equal(1, result.AcceptanceRate);
        Assert.Equal(3, result.TargetPasses);
    }

    [Fact]
    public void Speculative_tokens_are_distributed_as_the_targets_own()
    {
        var config = TinyModels.Gpt with { VocabularySize = 8, ContextLength = 12 };
        var (target, draft) = (TinyModels.Create(config), TinyModels.Create(config, 2));
        using var noGrad = new NoGrad();
        var sampler = new Sampler(new());
        float[] Row(params int[] ids) =>
            sampler.Probabilities(target.Logits(Tensor.From(ids, 1, ids.Length)).ToArray().AsSpan((ids.Length - 1) * 8, 8), ids);
        var (pairs, rounds) = (new int[64], 4000);
        var (accepted, proposed) = (0, 0);
        for (var i = 0; i < rounds; i++)
        {
            var result = new SpeculativeDecoding(target, draft, 2).Generate([3], 2, new SamplingConfig { Seed = (ulong)i + 100 });
            pairs[result.Tokens[0] * 8 + result.Tokens[1]]++;
            (accepted, proposed) = (accepted + result.Accepted, proposed + result.Proposed);
        }

        var first = Row(3);
        var chiSquared = 0.0;
        for (var a = 0; a < 8; a++)
        {
            var second = Row(3, a);
            for (var b = 0; b < 8; b++)
            {
                var expected = rounds * first[a] * second[b];
                if (expected > 0.5)
                    chiSquared += Math.Pow(pairs[a * 8 + b] - expected, 2) / expected;
            }
        }

        // 63 degrees of freedom: 99.99 % of samples lie below 110.
        Assert.InRange(chiSquared, 5, 110);
        Assert.InRange((double)accepted / proposed, 0.2, 0.99);
    }

    [Fact]
    public void Acceptance_and_tokens_a_round_follow_the_formulas()
    {
        // Models whose distribution is the same everywhere: embeddings of one direction, so that every logit comes from the head alone.
        var config = TinyModels.Gpt with { VocabularySize = 6, ContextLength = 512, Layers = 1, TiedHead = false };
        Transformer Constant(params float[] logits)
        {
            var model = new Transformer(config with { InitializerRange = 1e-9f }, new RandomStream(1));
            Module.Assign(model.TokenEmbedding.Weight, [.. Enumerable.Range(0, 6 * 16).Select(i => i % 16 == 0 ? 1f : -1f / 15)]);
            Module.Assign(model.FinalNorm.Weight, new float[16]);
            Module.Assign(model.FinalNorm.Bias!, [1, .. new float[15]]);
            Module.Assign(model.Head!.Weight, [.. Enumerable.Range(0, 6 * 16).Select(i => i % 16 == 0 ? logits[i / 16] : 0)]);
            return model;
        }

        float[] a = [2, 1, 0, 0, -1, 1], b = [1, 2, 0, 1, -1, -1];
        var sampler = new Sampler(new());
        // α = Σ min(p, q) (Leviathan et al. 2023, corollary 3.6).
        var alpha = sampler.Probabilities(a, []).Zip(sampler.Probabilities(b, []), Math.Min).Sum();
        Assert.InRange(alpha, 0.5, 0.8);
        const int Gamma = 3;
        var (passes, tokens, first, rounds) = (0, 0, 0, 0);
        for (ulong seed = 1; seed <= 12; seed++)
        {
            var result = new SpeculativeDecoding(Constant(a), Constant(b), Gamma).Generate([0], 400, new SamplingConfig { Seed = seed });
            (passes, tokens) = (passes + result.TargetPasses, tokens + 400);
            var one = new SpeculativeDecoding(Constant(a), Constant(b), 1).Generate([0], 100, new SamplingConfig { Seed = seed + 100 });
            (first, rounds) = (first + one.Accepted, rounds + one.Proposed);
        }

        // About 2,000 and 700 rounds: the mean of each is within 4 standard errors.
        Assert.Equal(alpha, (double)first / rounds, 4 * Math.Sqrt(alpha * (1 - alpha) / rounds));
        Assert.Equal(SpeculativeDecoding.ExpectedTokens(alpha, Gamma), (double)tokens / passes, 0.13);
    }

    [Fact]
    public void Speculation_by_formula()
    {
        Assert.Equal(3.3616, SpeculativeDecoding.ExpectedTokens(0.8, 4), 1e-4);
        Assert.Equal(2.80, SpeculativeDecoding.SpeedUp(0.8, 4, 0.05), 1e-2);
        Assert.Equal(5, SpeculativeDecoding.ExpectedTokens(1, 4));
    }

    [Fact]
    public void Pass_at_k_and_votes()
    {
        Assert.Equal(0.3, BestOfN.PassAtK(10, 3, 1), 1e-12);
        Assert.Equal(1 - 21.0 / 45, BestOfN.PassAtK(10, 3, 2), 1e-12);
        Assert.Equal(1, BestOfN.PassAtK(10, 3, 8), 1e-12);
        Assert.Equal(7, BestOfN.MajorityVote([3, 7, 7, 1, 3, 7]));
        Assert.Equal("bb", BestOfN.Best(["a", "bb", "cc"], s => s.Length));
    }
}
