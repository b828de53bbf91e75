namespace Mezcla.MixtureOfExperts;

/// <summary>The decisions of every Mixture of Experts of a model in one forward pass.</summary>
public sealed class RoutingTrace : IRoutingObserver
{
    private readonly List<LayerRouting> _layers = [];

    /// <summary>One entry for each block with experts, first to last.</summary>
    public IReadOnlyList<LayerRouting> Layers => _layers;

    /// <inheritdoc/>
    public void Observe(int layer, Tensor logits, Tensor? chosen, Tensor tokens, Tensor offsets, Tensor weights)
    {
        var (rows, starts, values, experts) = (tokens.ToIntArray(), offsets.ToIntArray(), weights.ToArray(), logits.Size(1));
        var assignments = new List<Assignment>(rows.Length);
        for (var expert = 0; expert < experts; expert++)
            for (var i = starts[expert]; i < starts[expert + 1]; i++)
                assignments.Add(new(rows[i], expert, values[i]));
        // Choices that were not computed because their expert was full. A choice that the router itself dropped is -1.
        var dropped = new List<(int Token, int Expert)>();
        if (chosen is not null)
        {
            var wanted = chosen.ToIntArray();
            var kept = assignments.Select(a => (a.Token, a.Expert)).ToHashSet();
            var k = chosen.Size(1);
            for (var i = 0; i < wanted.Length; i++)
                if (wanted[i] >= 0 && !kept.Contains((i / k, wanted[i])))
                    dropped.Add((i / k, wanted[i]));
        }

        _layers.Add(new(layer, experts, logits.Size(0), [.. assignments.OrderBy(a => a.Token).ThenByDescending(a => a.Weight)], dropped,
            logits.ToArray()));
    }
}
