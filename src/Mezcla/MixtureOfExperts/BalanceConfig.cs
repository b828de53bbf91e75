namespace Mezcla.MixtureOfExperts;

/// <summary>
/// What keeps the experts evenly used in training. If all are zero, nothing does, and routing usually collapses onto a few experts.
/// </summary>
public sealed record BalanceConfig
{
    /// <summary>Weight α of the load-balancing loss (Switch Transformer, eq. 4, which uses 0.01).</summary>
    public float LoadBalancing { get; init; } = 0.01f;

    /// <summary>Weight of the router z-loss (ST-MoE, eq. 5, which uses 0.001).</summary>
    public float RouterZ { get; init; }

    /// <summary>Weight of the importance loss (Shazeer et al. 2017, eq. 6).</summary>
    public float Importance { get; init; }

    /// <summary>Weight of the load loss (Shazeer et al. 2017, appendix A); for noisy top-k only.</summary>
    public float Load { get; init; }

    /// <summary>Step γ of the loss-free bias (Wang et al. 2024; DeepSeek-V3 uses 0.001); 0 for no bias.</summary>
    public float BiasUpdate { get; init; }

    /// <summary>No balancing at all.</summary>
    public static BalanceConfig None { get; } = new() { LoadBalancing = 0 };
}
