namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Balances the load without a loss (Wang et al. 2024, "Auxiliary-Loss-Free Load Balancing", algorithm 1). Experts are chosen by score plus
/// bias; after each step γ is subtracted from the bias of an expert with more than its share of choices, and added if it had less. All of
/// this happens on the bias's device.
/// </summary>
internal sealed class RoutingBias(Tensor bias, float step)
{
    private Tensor? _counts;

    /// <summary>b [E].</summary>
    public Tensor Value => bias;

    /// <summary>Counts the choices of one pass, those of other processes too.</summary>
    public void Count(Tensor experts, IPeers? peers)
    {
        using var noGrad = new NoGrad();
        // The counts must outlive the tensor scope of the pass.
        using var outside = TensorScope.Suspend();
        var counts = experts.CountByIndex((int)bias.Count);
        counts = peers?.Sum(counts) ?? counts;
        if (_counts is null)
        {
            _counts = counts;
            return;
        }

        using var before = _counts;
        using var added = counts;
        _counts = before + added;
    }

    /// <summary>Updates the bias by the choices counted since the last call.</summary>
    public void Update()
    {
        if (_counts is null)
            return;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        // Compares integers, which float32 holds exactly: c > Σc/E is the same as E·c > Σc.
        var (scaled, sum) = (_counts * (int)bias.Count, _counts.Sum());
        var sign = scaled.Greater(sum) - scaled.Less(sum);
        bias.CopyFrom(bias - sign * step);
        _counts.Dispose();
        _counts = null;
    }
}
