namespace Mezcla.MixtureOfExperts;

/// <summary>
/// The token's id alone determines its experts, by a fixed table (Roller et al. 2021, "Hash Layers"). The table is balanced over the
/// vocabulary and nothing is learned. Weights are 1/k.
/// </summary>
public sealed record HashRouting : Routing
{
    /// <summary>Seed of the table.</summary>
    public ulong Seed { get; init; }

    internal override Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization) =>
        new HashRouter(Seed, experts, vocabularySize);

    private sealed class HashRouter : FixedRouter
    {
        private readonly Tensor _table;

        public HashRouter(ulong seed, MixtureOfExpertsConfig experts, int vocabularySize)
            : base(experts)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
            _table = Tensor.From(DrawExperts(new RandomStream(seed), vocabularySize), vocabularySize, Config.TopK);
        }

        protected override Tensor Choose(Tensor tokens, ForwardContext context)
        {
            var ids = context.TokenIds
                ?? throw new InvalidOperationException("Hash routing needs the token ids in ForwardContext.TokenIds.");
            return _table.To(ids.Device).IndexSelect(0, ids.Reshape(-1));
        }
    }
}
