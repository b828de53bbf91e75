using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Presets;

namespace Mezcla.Scaling.Tests.Calculators;

public class FlopCountTests
{
    [Fact]
    public void GPT2_on_1024_tokens_to_the_last_FLOP()
    {
        var count = FlopCount.Of(TransformerPresets.Get("gpt2"), 1024);
        Assert.Equal(291_648_307_200, count.Forward);
        Assert.Equal(0.271, count["head"] / count.Forward, 3);
        Assert.Equal(0.398, count["dense feed-forward"] / count.Forward, 3);
        Assert.Equal(0.331, (count["attention projections"] + count.AttentionTerm) / count.Forward, 3);
        Assert.Equal(3 * count.Forward, count.Training);
    }

    [Fact]
    public void PaLMs_formula_agrees_within_a_hundredth_of_a_percent_at_1024()
    {
        TransformerConfig config = TransformerPresets.Get("gpt2");
        var exact = FlopCount.Of(config, 1024).TrainingPerToken;

        // The comparison that agrees so well counts neither position vectors nor biases in N; they take no FLOPs to speak of.
        var idle = 6.0 * (ParameterCount.Of(config).Positions + 12 * 11 * 768 + 768);
        Assert.Equal(1, (FlopCount.PalmTrainingPerToken(config, 1024) - idle) / exact, 0.00015);
    }

    [Theory]
    [InlineData(10, 640, 10, 64, 1.03)]
    [InlineData(20, 1024, 16, 64, 1.10)]
    [InlineData(24, 1280, 10, 128, 1.08)]
    [InlineData(26, 1792, 14, 128, 1.04)]
    [InlineData(28, 2048, 16, 128, 1.03)]
    [InlineData(40, 3584, 28, 128, 0.99)]
    public void Hoffmanns_recipe_gives_table_A4_without_embeddings_and_logits(int layers, int width, int heads, int headSize, double ratio)
    {
        var config = new TransformerConfig
        {
            VocabularySize = 32000,
            ContextLength = 2048,
            Layers = layers,
            HiddenSize = width,
            Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = headSize },
            FeedForward = new(4 * width),
            TiedHead = true,
            Positions = new(PositionKind.None),
        };

        // Their models carry one more square matrix a layer, for relative positions.
        var parameters = ParameterCount.Of(config).Total + (double)layers * width * width;
        var flops = FlopCount.HoffmannTraining(config, 2048, embeddingsAndLogits: false);
        Assert.Equal(ratio, flops / (6 * parameters * 2048), 0.016);
        Assert.True(FlopCount.HoffmannTraining(config, 2048) > flops * 1.02);
    }

    [Fact]
    public void Two_FLOPs_for_each_active_parameter_and_a_term_for_attention()
    {
        TransformerConfig config = TransformerPresets.Get("mixtral-8x7b");
        var parameters = ParameterCount.Of(config);
        var count = FlopCount.Of(config, 4096);
        double matrices = parameters.Active - parameters.Norms - parameters.TokenEmbedding;
        Assert.Equal(2 * matrices * 4096, count.Forward - count.AttentionTerm, 1);
        Assert.Equal(4.0 * 32 * 4096 * 4096 * 4096, count.AttentionTerm, 1);
        Assert.Equal(2.0 * 32 * 4096 * 8 * 4096, count["routers"], 1);
        Assert.Equal(0, count["dense feed-forward"]);
    }

    [Fact]
    public void Latent_attention_and_windows()
    {
        var latent = FlopCount.Of(TransformerPresets.Get("deepseek-v3"), 1);
        var parameters = ParameterCount.Of(TransformerPresets.Get("deepseek-v3"));
        Assert.Equal(2.0 * parameters.Attention, latent["attention projections"], 1);
        Assert.Equal(2.0 * 61 * 128 * (192 + 128), latent.AttentionTerm, 1);

        TransformerConfig mistral = TransformerPresets.Get("mistral-7b");
        Assert.Equal(2 * FlopCount.Of(mistral, 8192).AttentionTerm, FlopCount.Of(mistral, 16384).AttentionTerm, 1);
        Assert.Equal(FlopCount.Of(mistral, 4096, causal: true).AttentionTerm, FlopCount.Of(mistral, 4096).AttentionTerm / 2 * 4097 / 4096,
            1e3);
        Assert.True(FlopCount.Of(mistral, 8192, causal: true).AttentionTerm < FlopCount.Of(mistral, 8192).AttentionTerm);
    }

    [Fact]
    public void Kaplans_count()
    {
        TransformerConfig config = TransformerPresets.Get("gpt2");
        Assert.Equal(2.0 * (12 * (12 * 768 * 768 + 13 * 768) + 2 * 768) + 2.0 * 12 * 1024 * 768,
            FlopCount.KaplanForwardPerToken(config, 1024));
        Assert.Equal(6e21, FlopCount.TrainingRule(1e9, 1e12));
    }

    [Theory]
    [InlineData(175e9, 300e9, 3.15e23)] // GPT-3
    [InlineData(280e9, 300e9, 5.04e23)] // Gopher
    [InlineData(70e9, 1.4e12, 5.88e23)] // Chinchilla
    [InlineData(540.35e9, 780e9, 2.53e24)] // PaLM
    [InlineData(68.98e9, 2e12, 8.28e23)] // Llama 2 70B
    [InlineData(405.85e9, 15.6e12, 3.80e25)] // Llama 3.1 405B
    [InlineData(280e9, 13e12, 2.18e25)] // GPT-4, rumour
    [InlineData(36.63e9, 14.8e12, 3.25e24)] // DeepSeek-V3
    public void Training_compute_of_known_models(double parameters, double tokens, double flops) =>
        Assert.Equal(flops, FlopCount.TrainingRule(parameters, tokens), flops * 0.002);
}
