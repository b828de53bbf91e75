namespace Mezcla.MixtureOfExperts;

/// <summary>
/// A Mixture of Experts as a loop over its experts (Shazeer et al. 2017, eq. 1): y = Σ weight·expert(x) over a token's chosen experts, plus
/// the shared experts. <see cref="MixtureOfExpertsLayer"/> gives the same results with one grouped product for all experts, and adds
/// capacities, balance losses and routers with which experts choose their tokens.
/// </summary>
public sealed class PlainMixtureOfExperts : Module
{
    /// <summary>A router and its experts, with fresh weights.</summary>
    /// <param name="config">The experts and their routing, without capacity.</param>
    /// <param name="hiddenSize">Width of a token's vector, d.</param>
    /// <param name="initialization">How the weights are drawn.</param>
    public PlainMixtureOfExperts(MixtureOfExpertsConfig config, int hiddenSize, Initialization initialization)
    {
        Router = Child("router", config.Routing.Create(config, hiddenSize, 0, initialization));
        Experts =
            [.. Enumerable.Range(0, config.Experts)
                .Select(e => Child($"experts.{e}", new FeedForward(config.Expert, hiddenSize, initialization)))];
        var shared = config.Expert with { IntermediateSize = config.Expert.IntermediateSize * config.SharedExperts };
        if (config.SharedExperts > 0)
            Shared = Child("shared", new FeedForward(shared, hiddenSize, initialization));
        if (config.SharedGate)
            SharedGate = Child("shared_gate", new Linear(hiddenSize, 1, false, initialization));
    }

    /// <summary>The router, which chooses the experts of each token.</summary>
    public Router Router { get; }

    /// <summary>The experts that the router chooses from.</summary>
    public IReadOnlyList<FeedForward> Experts { get; }

    /// <summary>The experts that every token uses, as one network; null where there are none.</summary>
    public FeedForward? Shared { get; }

    /// <summary>The gate of the shared experts; null where they have none.</summary>
    public Linear? SharedGate { get; }

    /// <summary>[..., d] → the same shape.</summary>
    /// <exception cref="NotSupportedException">The router lets experts choose tokens.</exception>
    public Tensor Forward(Tensor x, ForwardContext context)
    {
        var tokens = x.Reshape(-1, x.Size(-1));
        if (Router.Route(tokens, context) is not TokenChoice choice)
            throw new NotSupportedException("The plain Mixture of Experts supports only routers in which tokens choose experts.");
        var (chosen, k) = (choice.Experts.ToIntArray(), choice.Experts.Size(1));
        var y = Shared?.Forward(tokens) ?? tokens * 0;
        if (SharedGate is not null)
            y *= SharedGate.Forward(tokens).Sigmoid();
        for (var expert = 0; expert < Experts.Count; expert++)
        {
            // Choice number i was made by token i / k.
            int[] mine = [.. Enumerable.Range(0, chosen.Length).Where(i => chosen[i] == expert)];
            if (mine.Length == 0)
                continue;
            var rows = Tensor.From([.. mine.Select(i => i / k)], mine.Length).To(x.Device);
            var weights = choice.Weights.Reshape(-1, 1).IndexSelect(0, Tensor.From(mine, mine.Length).To(x.Device));
            var computed = Experts[expert].Forward(tokens.IndexSelect(0, rows));
            y += (computed * weights).SegmentSum(rows, tokens.Size(0));
        }
        return y.Reshape(x.Shape);
    }
}
