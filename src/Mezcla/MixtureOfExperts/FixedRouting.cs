using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>The token's id alone decides, by a fixed table (Roller et al. 2021, "Hash Layers"): balanced over the vocabulary, nothing learned. Weights are 1/k.</summary>
public sealed record HashRouting : Routing
{
    /// <summary>Seed of the table.</summary>
    public ulong Seed { get; init; }

    internal override Router Create(TransformerConfig config, RandomStream random, float deviation) => new HashRouter(Seed, config);

    private sealed class HashRouter : FixedRouter
    {
        private readonly Tensor _table;

        public HashRouter(ulong seed, TransformerConfig config)
            : base(config.MixtureOfExperts!) =>
            _table = Tensor.From(DrawExperts(new RandomStream(seed), config.VocabularySize), config.VocabularySize, Config.TopK);

        protected override Tensor Choose(Tensor tokens, ForwardContext context)
        {
            var ids = context.TokenIds ?? throw new InvalidOperationException("Hash routing needs the token ids in ForwardContext.TokenIds.");
            return _table.To(ids.Device).IndexSelect(0, ids.Reshape(-1));
        }
    }
}

/// <summary>Chance decides anew in every pass: the control for every claim about learned routing. Weights are 1/k.</summary>
public sealed record RandomRouting : Routing
{
    /// <summary>Seed of the draws.</summary>
    public ulong Seed { get; init; }

    internal override Router Create(TransformerConfig config, RandomStream random, float deviation) => new RandomRouter(Seed, config);

    private sealed class RandomRouter(ulong seed, TransformerConfig config) : FixedRouter(config.MixtureOfExperts!)
    {
        private readonly RandomStream _random = new(seed);

        protected override Tensor Choose(Tensor tokens, ForwardContext context) =>
            Tensor.From(DrawExperts(_random, tokens.Size(0)), tokens.Size(0), Config.TopK).To(tokens.Device);
    }
}

/// <summary>A router without parameters: logits of zero, even weights.</summary>
internal abstract class FixedRouter(MixtureOfExpertsConfig experts) : Router(experts)
{
    internal override RoutingDecision Route(Tensor tokens, ForwardContext context)
    {
        var count = tokens.Size(0);
        Tensor Even(float value, int columns) => Tensor.Full(value, count, columns).To(tokens.Device);
        return new TokenChoice(Even(0, Config.Experts), Even(1f / Config.Experts, Config.Experts), Choose(tokens, context), Even(1f / Config.TopK, Config.TopK));
    }

    /// <summary>The experts of each token, Int32 [N, k].</summary>
    protected abstract Tensor Choose(Tensor tokens, ForwardContext context);

    /// <summary>k different experts for each of <paramref name="rows"/> rows.</summary>
    protected int[] DrawExperts(RandomStream random, int rows)
    {
        var drawn = new int[rows * Config.TopK];
        var deck = Enumerable.Range(0, Config.Experts).ToArray();
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < Config.TopK; i++)
            {
                var j = i + random.NextInt(Config.Experts - i);
                (deck[i], deck[j]) = (deck[j], deck[i]);
                drawn[row * Config.TopK + i] = deck[i];
            }
        }

        return drawn;
    }
}
