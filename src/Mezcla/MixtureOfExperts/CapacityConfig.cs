namespace Mezcla.MixtureOfExperts;

/// <summary>Which tokens stay when an expert is full.</summary>
public enum DropPolicy
{
    /// <summary>All first choices in the order of the tokens, then all second choices, and so on (GShard, Switch).</summary>
    FirstCome,

    /// <summary>The largest weights (batch-prioritized routing, Riquelme et al. 2021).</summary>
    ByWeight,
}

/// <summary>The most tokens an expert computes in one pass. A token that an expert
/// drops keeps its residual stream and its other experts.</summary>
/// <param name="Factor">Multiple of an even share (Switch Transformer, eq. 3: 1.0 to 1.25).</param>
/// <param name="Policy">Which tokens stay.</param>
/// <param name="Renormalize">Whether the weights of a token's remaining experts grow to the sum
/// they had; otherwise the dropped share is lost to the residual.</param>
public sealed record CapacityConfig(double Factor = 1.25, DropPolicy Policy = DropPolicy.FirstCome, bool Renormalize = false)
{
    /// <summary>⌈factor · tokens · k / experts⌉: k belongs in it, as every token asks for k places.</summary>
    public int TokensPerExpert(int tokens, int topK, int experts) => (int)Math.Ceiling(Factor * tokens * topK / experts);
}
