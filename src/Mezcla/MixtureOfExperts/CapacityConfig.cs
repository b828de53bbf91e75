namespace Mezcla.MixtureOfExperts;

/// <summary>Which tokens an expert keeps when it is full.</summary>
public enum DropPolicy
{
    /// <summary>First choices before second choices, and so on; within each, in the order of the tokens (GShard, Switch).</summary>
    FirstCome,

    /// <summary>Those with the largest weights (batch-prioritized routing, Riquelme et al. 2021).</summary>
    ByWeight,
}

/// <summary>
/// The largest number of tokens that an expert computes in one pass. A token that a full expert drops keeps its residual stream and the
/// outputs of its other experts.
/// </summary>
/// <param name="Factor">The capacity as a multiple of an even share (Switch Transformer, eq. 3: 1.0 to 1.25).</param>
/// <param name="Policy">Which tokens a full expert keeps.</param>
/// <param name="Renormalize">Whether the weights of a token's remaining experts are scaled up to the sum that all its weights had;
/// otherwise the dropped weight is lost.</param>
public sealed record CapacityConfig(double Factor = 1.25, DropPolicy Policy = DropPolicy.FirstCome, bool Renormalize = false)
{
    /// <summary>⌈factor · tokens · k / experts⌉. The factor k is needed because every token chooses k experts.</summary>
    public int TokensPerExpert(int tokens, int topK, int experts) => (int)Math.Ceiling(Factor * tokens * topK / experts);
}
