using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>One line of a parameter count.</summary>
/// <param name="Part">What the parameters are for.</param>
/// <param name="Total">How many exist.</param>
/// <param name="Active">How many one token uses.</param>
public sealed record ParameterPart(string Part, long Total, long Active);

/// <summary>
/// The exact number of parameters of a model, part by part, computed from its shape alone. "Active" parameters are those that one token
/// uses: only the chosen ones among the routed experts, and everything else in full, the input embedding included.
/// </summary>
public sealed record ParameterCount
{
    /// <summary>Token embedding, V·d. A head that is tied to the embedding is counted here, once.</summary>
    public long TokenEmbedding { get; init; }

    /// <summary>Learned position vectors.</summary>
    public long Positions { get; init; }

    /// <summary>Query, key, value and output projections of all blocks, with their biases and sinks.</summary>
    public long Attention { get; init; }

    /// <summary>Gains and biases of all norms, those inside latent attention included.</summary>
    public long Norms { get; init; }

    /// <summary>Feed-forward networks of the dense blocks.</summary>
    public long DenseFeedForward { get; init; }

    /// <summary>Routers: one d×E matrix for each block with experts, two if a second one scales the noise, none if routing is
    /// fixed.</summary>
    public long Routers { get; init; }

    /// <summary>
    /// Biases that affect only the choice of experts and are updated from the experts' load, not from gradients (DeepSeek-V3). Published
    /// counts and weight files include them; a model's <c>CountParameters</c>, which counts trained parameters, does not.
    /// </summary>
    public long SelectionBiases { get; init; }

    /// <summary>All routed experts.</summary>
    public long Experts { get; init; }

    /// <summary>The routed experts that one token passes through.</summary>
    public long ActiveExperts { get; init; }

    /// <summary>Experts that every token passes through.</summary>
    public long SharedExperts { get; init; }

    /// <summary>The output head, V·d; 0 if it is tied to the embedding.</summary>
    public long Head { get; init; }

    /// <summary>Whether the output head is the embedding matrix. Every token then uses the matrix, even if its lookup is not
    /// counted.</summary>
    public bool TiedHead { get; init; }

    /// <summary>All parameters.</summary>
    public long Total =>
        TokenEmbedding + Positions + Attention + Norms + DenseFeedForward + Routers + SelectionBiases + Experts + SharedExperts + Head;

    /// <summary>Parameters that one token uses.</summary>
    public long Active => Total - Experts + ActiveExperts;

    /// <summary>Active parameters without the input embedding, unless the head is tied to it (the convention of the gpt-oss
    /// card).</summary>
    public long ActiveWithoutLookup => Active - (TiedHead ? 0 : TokenEmbedding) - Positions;

    /// <summary>All parameters except embeddings, positions and head: the N of Kaplan et al. 2020.</summary>
    public long NonEmbedding => Total - TokenEmbedding - Positions - Head;

    /// <summary>The parts that are not empty, in the order a token meets them.</summary>
    public IReadOnlyList<ParameterPart> Parts =>
        [.. new ParameterPart[]
        {
            new("token embedding", TokenEmbedding, TokenEmbedding),
            new("positions", Positions, Positions),
            new("attention", Attention, Attention),
            new("norms", Norms, Norms),
            new("dense feed-forward", DenseFeedForward, DenseFeedForward),
            new("routers", Routers, Routers),
            new("selection biases", SelectionBiases, SelectionBiases),
            new("experts", Experts, ActiveExperts),
            new("shared experts", SharedExperts, SharedExperts),
            new("head", Head, Head),
        }.Where(part => part.Total > 0)];

    /// <summary>Counts the parameters of <paramref name="config"/>; nothing is allocated, so even a trillion parameters are counted at
    /// once.</summary>
    /// <exception cref="OverflowException">A part has more than 9.2e18 parameters.</exception>
    public static ParameterCount Of(TransformerConfig config)
    {
        checked
        {
            long d = config.HiddenSize, norm = NormSize(config.Norm, d);
            var count = new ParameterCount
            {
                TokenEmbedding = config.VocabularySize * d,
                Positions = config.Positions.Kind == PositionKind.Learned
                    ? ((long)config.ContextLength + config.Positions.ReservedRows) * d
                    : 0,
                Attention = config.Layers * AttentionSize(config.Attention, d),
                Norms = config.Layers * ((config.ParallelBlocks ? norm : 2 * norm) + InnerNormSize(config)) + norm,
                Head = config.TiedHead ? 0 : config.VocabularySize * (d + (config.HeadBias ? 1 : 0)),
                TiedHead = config.TiedHead,
            };
            var sparse = Enumerable.Range(0, config.Layers).LongCount(config.IsMixtureOfExperts);
            count = count with { DenseFeedForward = (config.Layers - sparse) * FeedForwardSize(config.FeedForward, d) };
            if (config.MixtureOfExperts is not { } moe)
                return count;
            var expert = FeedForwardSize(moe.Expert, d);
            return count with
            {
                Routers = sparse * moe.Experts * moe.Routing switch
                {
                    HashRouting or RandomRouting => 0,
                    NoisyTopKRouting => 2 * d + (moe.RouterBias ? 1 : 0),
                    _ => d + (moe.RouterBias ? 1 : 0),
                },
                SelectionBiases = moe is { Routing: SigmoidRouting, Balance.BiasUpdate: > 0 } ? sparse * moe.Experts : 0,
                Experts = sparse * moe.Experts * expert,
                ActiveExperts = sparse * (moe.Routing is SoftMixtureRouting ? moe.Experts : moe.TopK) * expert,
                SharedExperts = moe.SharedExperts == 0 ? 0
                    : sparse * FeedForwardSize(moe.Expert with { IntermediateSize = moe.Expert.IntermediateSize * moe.SharedExperts }, d)
                        + (moe.SharedGate ? sparse * d : 0),
            };
        }
    }

    /// <summary>A table of the parts as text.</summary>
    public override string ToString() => string.Join('\n', Parts.Append(new ParameterPart("all", Total, Active))
        .Select(part => FormattableString.Invariant($"{part.Part,-20}{part.Total,22:N0}{part.Active,22:N0}")));

    /// <summary>What a notebook shows: the same table as HTML and as text.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() => new Dictionary<string, string>
    {
        ["text/plain"] = ToString(),
        ["text/html"] = "<table><thead><tr><th>part</th><th>total</th><th>active</th></tr></thead><tbody>" + string.Concat(
            Parts.Append(new("all", Total, Active))
                .Select(
                    part => FormattableString.Invariant(
                        $"<tr><td>{part.Part}</td><td>{part.Total:N0}</td><td>{part.Active:N0}</td></tr>"))) + "</tbody></table>",
    };

    private static long NormSize(NormConfig norm, long width) => norm is { Kind: NormKind.LayerNorm, Bias: true } ? 2 * width : width;

    private static long InnerNormSize(TransformerConfig config) => config.Attention switch
    {
        { Latent: { } latent } =>
            NormSize(config.Norm, latent.KeyValueRank) + (latent.QueryRank > 0 ? NormSize(config.Norm, latent.QueryRank) : 0),
        { LearnedQueryKeyNorm: QueryKeyNormSpan.Head } attention => 2L * attention.HeadSize,
        { LearnedQueryKeyNorm: QueryKeyNormSpan.Projection } attention =>
            (attention.Heads + (long)attention.KeyValueHeads) * attention.HeadSize,
        _ => 0,
    };

    private static long AttentionSize(AttentionConfig attention, long d)
    {
        checked
        {
            long heads = attention.Heads;
            if (attention.Latent is { } latent)
            {
                var queryWidth = heads * (latent.NopeHeadSize + latent.RopeHeadSize);
                var query = latent.QueryRank > 0 ? latent.QueryRank * (d + queryWidth) : d * queryWidth;
                var compress = d * (latent.KeyValueRank + latent.RopeHeadSize);
                var expand = latent.KeyValueRank * heads * (latent.NopeHeadSize + latent.ValueHeadSize);
                return query + compress + expand + heads * latent.ValueHeadSize * d;
            }

            long q = heads * attention.HeadSize, kv = (long)attention.KeyValueHeads * attention.HeadSize;
            return d * (2 * q + 2 * kv) + (attention.QueryKeyValueBias ? q + 2 * kv : 0) + (attention.OutputBias ? d : 0)
                + (attention.Sinks ? heads : 0);
        }
    }

    private static long FeedForwardSize(FeedForwardConfig network, long d)
    {
        checked
        {
            long wide = network.IntermediateSize, up = network.Gated ? 2 : 1;
            return (up + 1) * d * wide + (network.Bias ? up * wide + d : 0);
        }
    }
}
