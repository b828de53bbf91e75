namespace Mezcla.Training;

/// <summary>
/// AdamW (Kingma and Ba 2015; Loshchilov and Hutter 2019, algorithm 2): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − η·(m̂/(√v̂ + ε) +
/// λθ). The weight decay λ applies to matrices only, not to norms, biases and other vectors.
/// </summary>
public sealed class AdamW : Optimizer
{
    private readonly TrainingConfig _config;
    private readonly Tensor[] _tensors, _first, _second;
    private readonly Tensor?[] _gradients;
    private readonly bool[] _decays;

    /// <summary>Makes an optimizer whose moments are zero.</summary>
    public AdamW(IEnumerable<(string Name, Tensor Tensor)> parameters, TrainingConfig config)
        : base(parameters.OrderByDescending(IsMatrix))
    {
        _config = config;
        _tensors = [.. Parameters.Select(p => p.Tensor)];
        _gradients = new Tensor?[_tensors.Length];
        _first = [.. _tensors.Select(ZerosLike)];
        _second = [.. _tensors.Select(ZerosLike)];
        _decays = [.. Parameters.Select(IsMatrix)];
    }

    /// <summary>ε, which is added to the square root of the second moment.</summary>
    public const float Epsilon = 1e-8f;

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> State()
    {
        for (var i = 0; i < Parameters.Count; i++)
        {
            yield return ($"{Parameters[i].Name}.first_moment", _first[i]);
            yield return ($"{Parameters[i].Name}.second_moment", _second[i]);
        }
    }

    /// <inheritdoc/>
    protected override void Update(float learningRate, Tensor? scale)
    {
        for (var i = 0; i < _tensors.Length; i++)
            _gradients[i] = _tensors[i].Grad;
        Optimizers.AdamWStep(_tensors, _gradients, _first, _second, Steps, learningRate, _config.Beta1, _config.Beta2, Epsilon,
            _config.WeightDecay, decays: _decays, scale: scale);
        Array.Clear(_gradients);
    }
}
