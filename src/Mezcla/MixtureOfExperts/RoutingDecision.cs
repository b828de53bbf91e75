namespace Mezcla.MixtureOfExperts;

/// <summary>What a router decided for N tokens and E experts.</summary>
/// <param name="Logits">The scores before any softmax [N, E].</param>
/// <param name="Probabilities">The scores that balance losses use [N, E]: positive, with rows that sum to one.</param>
internal abstract record RoutingDecision(Tensor Logits, Tensor Probabilities)
{
    /// <summary>Sorts the assignments into the order in which the experts compute them.</summary>
    public abstract Dispatch Dispatch(int experts, CapacityConfig? capacity);
}

/// <summary>Each token chose k experts.</summary>
/// <param name="Logits">The scores before any softmax [N, E].</param>
/// <param name="Probabilities">The scores that balance losses use [N, E], with rows that sum to one.</param>
/// <param name="Experts">The chosen experts, Int32 [N, k]; -1 for a choice that the router dropped.</param>
/// <param name="Weights">Their weights [N, k].</param>
internal sealed record TokenChoice(Tensor Logits, Tensor Probabilities, Tensor Experts, Tensor Weights)
    : RoutingDecision(Logits, Probabilities)
{
    public override Dispatch Dispatch(int experts, CapacityConfig? capacity)
    {
        var limit = capacity?.TokensPerExpert(Experts.Size(0), Experts.Size(1), experts);
        var grouping = Experts.GroupByIndex(experts, limit, capacity?.Policy == DropPolicy.ByWeight ? Weights : null);
        var weights = capacity is { Renormalize: true } ? Renormalized(grouping) : Weights;
        return new(grouping.Rows, grouping.Groups, grouping.Offsets, weights.Reshape(-1).IndexSelect(0, grouping.Order) * grouping.Kept);
    }

    // Scales the weights of a token's kept experts to the sum that all its experts' weights had.
    private Tensor Renormalized(Grouping grouping)
    {
        var kept = grouping.Kept.SegmentSum(grouping.Order, (int)Weights.Count).Reshape(Weights.Shape);
        var remaining = Weights * kept;
        return remaining * (Weights.Sum(-1, keepDims: true) / (remaining.Sum(-1, keepDims: true) + 1e-20f));
    }
}

/// <summary>Each expert chose its tokens.</summary>
/// <param name="Logits">The scores before any softmax [N, E].</param>
/// <param name="Probabilities">The scores that balance losses use [N, E], with rows that sum to one.</param>
/// <param name="Tokens">The chosen tokens, Int32 [E, capacity].</param>
/// <param name="Weights">Their weights [E, capacity].</param>
internal sealed record ExpertChoice(Tensor Logits, Tensor Probabilities, Tensor Tokens, Tensor Weights)
    : RoutingDecision(Logits, Probabilities)
{
    public override Dispatch Dispatch(int experts, CapacityConfig? capacity)
    {
        var each = Tokens.Size(1);
        var groups = Tensor.From([.. Enumerable.Range(0, experts * each).Select(i => i / each)], experts * each).To(Tokens.Device);
        var offsets = Tensor.From([.. Enumerable.Range(0, experts + 1).Select(e => e * each)], experts + 1).To(Tokens.Device);
        return new(Tokens.Reshape(-1), groups, offsets, Weights.Reshape(-1));
    }
}
