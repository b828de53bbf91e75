namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Balance without a loss (Wang et al. 2024, "Auxiliary-Loss-Free Load Balancing", algorithm 1): after each step an expert that had more
/// than its share loses γ of the bias that choices are made with, one that had less gains it. All of it happens on the bias's device.
/// </summary>
internal sealed class RoutingBias(Tensor bias, float step)
{
    private Tensor? _counts;

    /// <summary>b [E].</summary>
    public Tensor Value => bias;

    /// <summary>Adds the choices of one pass.</summary>
    public void Count(Tensor experts)
    {
        using var noGrad = new NoGrad();
        // Counts outlive the scope of the pass.
        using var outside = TensorScope.Suspend();
        var counts = experts.CountByIndex((int)bias.Count);
        if (_counts is null)
        {
            _counts = counts;
            return;
        }

        using var before = _counts;
        using var added = counts;
        _counts = before + added;
    }

    /// <summary>Moves the bias by what was counted since the last call.</summary>
    public void Update()
    {
        if (_counts is null)
            return;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        // Whole numbers on both sides, which are exact: c > Σc/E where E·c > Σc.
        var (scaled, sum) = (_counts * (int)bias.Count, _counts.Sum());
        var sign = scaled.Greater(sum) - scaled.Less(sum);
        bias.CopyFrom(bias - sign * step);
        _counts.Dispose();
        _counts = null;
    }
}
