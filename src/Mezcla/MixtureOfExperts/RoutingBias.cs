using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Balance without a loss (Wang et al. 2024, "Auxiliary-Loss-Free Load Balancing", algorithm 1): after each step an expert that had more than its share
/// loses γ of the bias that choices are made with, one that had less gains it.
/// </summary>
internal sealed class RoutingBias(Tensor bias, float step)
{
    private double[]? _counts;

    /// <summary>b [E].</summary>
    public Tensor Value => bias;

    /// <summary>Adds the choices of one pass.</summary>
    public void Count(Tensor experts)
    {
        using (new NoGrad())
        {
            var counts = experts.CountByIndex((int)bias.Count).ToArray();
            _counts ??= new double[counts.Length];
            for (var i = 0; i < counts.Length; i++) _counts[i] += counts[i];
        }
    }

    /// <summary>Moves the bias by what was counted since the last call.</summary>
    public void Update()
    {
        if (_counts is null) return;
        var mean = _counts.Average();
        var values = bias.ToArray();
        for (var i = 0; i < values.Length; i++) values[i] -= step * Math.Sign(_counts[i] - mean);
        bias.CopyFrom(values);
        _counts = null;
    }
}
