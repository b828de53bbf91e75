using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;

namespace Mezcla.Scaling.Tests.Presets;

/// <summary>Published sizes of models that are no presets, because their blocks have parts
/// of another kind or their shapes are known second hand.</summary>
public class PublishedSizeTests
{
    private static TransformerConfig Shape(
        int layers, int width, int heads, int headSize, FeedForwardConfig network, int vocabulary,
        MixtureOfExpertsConfig? experts = null) => new()
        {
            VocabularySize = vocabulary,
            ContextLength = 2048,
            Layers = layers,
            HiddenSize = width,
            Attention = new() { Heads = heads, KeyValueHeads = heads, HeadSize = headSize },
            FeedForward = network,
            MixtureOfExperts = experts,
            Positions = new(PositionKind.None),
            TiedHead = true,
        };

    [Theory]
    [InlineData(80, 16384, 128, 128, 279.7)] // Gopher
    [InlineData(80, 8192, 64, 128, 70.06)] // Chinchilla
    public void Gopher_and_Chinchilla_with_a_projection_of_relative_positions_in_each_layer(int layers, int width, int heads, int headSize,
        double billions)
    {
        var relative = (long)layers * width * width;
        Assert.Equal(billions, (ParameterCount.Of(Shape(layers, width, heads, headSize, new(4 * width), 32000)).Total + relative) / 1e9,
            0.06);
    }

    [Fact]
    public void Megatron_Turing_LaMDA_and_Galactica()
    {
        Assert.Equal(529.5, ParameterCount.Of(Shape(105, 20480, 128, 160, new(4 * 20480), 51200)).Total / 1e9, 0.1);
        Assert.Equal(137.7, ParameterCount.Of(Shape(64, 8192, 128, 128, new(65536, Gated: true), 32000)).Total / 1e9, 0.1);
        Assert.Equal(121.3, ParameterCount.Of(Shape(96, 10240, 80, 128, new(4 * 10240), 50000)).Total / 1e9, 0.1);
    }

    [Theory]
    [InlineData("Switch-Base", 24, 2, 768, 2048, true, 128, 7.25e9)]
    [InlineData("Switch-XXL as in its table", 48, 2, 4096, 10240, true, 64, 193e9)]
    [InlineData("Switch-XXL as it must have been", 48, 2, 4096, 10240, true, 128, 387e9)]
    [InlineData("Switch-C", 30, 1, 2080, 6144, false, 2048, 1570e9)]
    [InlineData("GShard", 36, 2, 1024, 8192, false, 2048, 618e9)]
    public void The_experts_of_encoder_decoder_models(string name, int layers, int period, int width, int wide, bool gated, int experts,
        double total)
    {
        TransformerConfig config = Shape(layers, width, 16, 64, new(wide), 32000,
            new() { Experts = experts, TopK = 1, Expert = new(wide, Gated: gated), Period = period }) with
        { Name = name };
        Assert.Equal(total, ParameterCount.Of(config).Experts, total * 0.003);
    }
}
