namespace Mezcla.MixtureOfExperts;

/// <summary>What a router decided for N tokens and E experts.</summary>
/// <param name="Logits">The scores before any softmax [N, E].</param>
/// <param name="Probabilities">The scores that balance losses use [N, E]: positive, with rows that sum to one.</param>
internal abstract record RoutingDecision(Tensor Logits, Tensor Probabilities)
{
    /// <summary>Sorts the assignments into the order in which the experts compute them.</summary>
    /// <param name="experts">E.</param>
    /// <param name="capacity">The limit on the tokens of an expert; null for none.</param>
    /// <param name="peers">The processes with the other tokens of the batch, which share the limit; null for none.</param>
    public abstract Dispatch Dispatch(int experts, CapacityConfig? capacity, IPeers? peers = null);
}

/// <summary>Each token chose k experts.</summary>
/// <param name="Logits">The scores before any softmax [N, E].</param>
/// <param name="Probabilities">The scores that balance losses use [N, E], with rows that sum to one.</param>
/// <param name="Experts">The chosen experts, Int32 [N, k]; -1 for a choice that the router dropped.</param>
/// <param name="Weights">Their weights [N, k].</param>
internal sealed record TokenChoice(Tensor Logits, Tensor Probabilities, Tensor Experts, Tensor Weights)
    : RoutingDecision(Logits, Probabilities)
{
    public override Dispatch Dispatch(int experts, CapacityConfig? capacity, IPeers? peers = null)
    {
        var grouping = capacity is null ? Experts.GroupByIndex(experts)
            : peers is null ? Limited(Experts, Weights, experts, capacity)
            : KeptAmong(peers, experts, capacity).GroupByIndex(experts);
        var weights = capacity is { Renormalize: true } ? Renormalized(grouping) : Weights;
        return new(grouping.Rows, grouping.Groups, grouping.Offsets, weights.Reshape(-1).IndexSelect(0, grouping.Order) * grouping.Kept);
    }

    private static Grouping Limited(Tensor chosen, Tensor weights, int experts, CapacityConfig capacity) =>
        chosen.GroupByIndex(experts, capacity.TokensPerExpert(chosen.Size(0), chosen.Size(1), experts),
            capacity.Policy == DropPolicy.ByWeight ? weights : null);

    // The choices of this process, with -1 for those that a full expert drops when the tokens of all processes are counted.
    private Tensor KeptAmong(IPeers peers, int experts, CapacityConfig capacity)
    {
        var all = peers.Gather(Experts, out var start);
        var grouping = Limited(all, peers.Gather(Weights.Detach(), out _), experts, capacity);
        var kept = grouping.Kept.SegmentSum(grouping.Order, (int)all.Count).Reshape(all.Shape).Slice(0, start, Experts.Size(0));
        return ((Experts.To(DType.Float32) + 1) * kept - 1).To(DType.Int32);
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
    public override Dispatch Dispatch(int experts, CapacityConfig? capacity, IPeers? peers = null)
    {
        var each = Tokens.Size(1);
        var groups = Tensor.From([.. Enumerable.Range(0, experts * each).Select(i => i / each)], experts * each).To(Tokens.Device);
        var offsets = Tensor.From([.. Enumerable.Range(0, experts + 1).Select(e => e * each)], experts + 1).To(Tokens.Device);
        return new(Tokens.Reshape(-1), groups, offsets, Weights.Reshape(-1));
    }
}
