using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Presets;
using Mezcla.Tensors;
using Mezcla.Tests;

namespace Mezcla.Scaling.Tests.Presets;

/// <summary>What is counted from a shape is what a model of that shape holds.</summary>
public class CountedAndBuiltTests
{
    private static readonly Routing[] Routings =
    [
        new TopKSoftmaxRouting(), new SoftmaxTopKRouting(), new SoftMixtureRouting(), new NoisyTopKRouting(), new GShardRouting(),
        new SigmoidRouting(),
        new ExpertChoiceRouting(), new HashRouting(), new RandomRouting(),
    ];

    private static void SameCount(TransformerConfig config)
    {
        var count = ParameterCount.Of(config);
        Assert.Equal(count.Total - count.SelectionBiases, new Transformer(config, new RandomStream(1)).CountParameters());
    }

    [Property(MaxTest = 60)]
    public Property Any_shape() => Prop.ForAll(Shapes().ToArbitrary(), SameCount);

    private static Gen<TransformerConfig> Shapes() =>
        from layers in Gen.Choose(1, 4)
        from sharing in Gen.Elements(1, 2, 4)
        from headSize in Gen.Elements(2, 4, 6)
        from width in Gen.Choose(3, 20)
        from wide in Gen.Choose(1, 20)
        from flags in Gen.ArrayOf(Gen.Elements(true, false), 12)
        from kind in Gen.Elements(PositionKind.None, PositionKind.Learned, PositionKind.Rotary)
        from routing in Gen.Elements(Routings)
        from period in Gen.Choose(1, 3)
        from dense in Gen.Choose(0, 2)
        from shared in Gen.Choose(0, 2)
        select new TransformerConfig
        {
            VocabularySize = 11,
            ContextLength = 7,
            Layers = layers,
            HiddenSize = width,
            Attention = new()
            {
                Heads = 4,
                KeyValueHeads = 4 / sharing,
                HeadSize = headSize,
                QueryKeyValueBias = flags[0],
                OutputBias = flags[1],
                Sinks = flags[2],
                Latent = flags[3] ? new(flags[4] ? 5 : 0, 3, headSize, 2, headSize + 1) : null,
            },
            FeedForward = new(wide, Activation.Silu, Gated: flags[5], Bias: flags[6]),
            MixtureOfExperts = flags[7] ? null : new()
            {
                Experts = 4,
                TopK = 2,
                Expert = new(wide, Activation.Silu, Gated: flags[5], Bias: flags[6]),
                SharedExperts = shared,
                RouterBias = flags[8],
                FirstDenseLayers = dense,
                Period = period,
                Routing = routing,
                Balance = new() { LoadBalancing = 0, BiasUpdate = flags[9] && routing is SigmoidRouting ? 0.001f : 0 },
            },
            Positions = new(kind) { ReservedRows = flags[10] ? 2 : 0 },
            Norm = new(flags[11] ? NormKind.RmsNorm : NormKind.LayerNorm, Bias: flags[9]),
            TiedHead = flags[10],
            ParallelBlocks = flags[4],
        };

    [Fact]
    public void Every_preset_is_a_shape_that_can_be_built()
    {
        foreach (TransformerConfig config in TransformerPresets.All)
            config.Validate();
    }

    [Fact]
    public void Reserved_rows_of_the_position_table_are_skipped()
    {
        TransformerConfig config = TinyModels.Gpt with { Positions = new() { ReservedRows = 2 } };
        var model = new Transformer(config, new RandomStream(3));
        float[] Logits() => model.Logits(Tensor.From(TinyModels.Ids(4), 1, 4)).ToArray();
        float[] before = Logits(), table = model.PositionEmbedding!.Weight.ToArray();
        Assert.Equal((config.ContextLength + 2) * config.HiddenSize, table.Length);
        for (var i = 0; i < 2 * config.HiddenSize; i++)
            table[i] += 1;
        Mezcla.Layers.Module.Assign(model.PositionEmbedding.Weight, table);
        Assert.Equal(before, Logits());
        for (var i = 2 * config.HiddenSize; i < 3 * config.HiddenSize; i++)
            table[i] += 1 + i % 3;
        Mezcla.Layers.Module.Assign(model.PositionEmbedding.Weight, table);
        Assert.NotEqual(before, Logits());
    }
}
