namespace Mezcla.Training;

/// <summary>
/// AdamW as arithmetic on tensors (Kingma and Ba 2015; Loshchilov and Hutter 2019, algorithm 2). Each parameter θ has a running mean m of
/// its gradients and a running mean v of their squares; it moves by m/√v, so that all parameters move at about the same rate, whatever the
/// size of their gradients. <see cref="AdamW"/> gives the same results in one pass over memory.
/// </summary>
public sealed class PlainAdamW : Optimizer
{
    private readonly TrainingConfig _config;
    private readonly List<(Tensor Mean, Tensor Square)> _moments;

    /// <summary>Makes an optimizer whose moments are zero.</summary>
    public PlainAdamW(IEnumerable<(string Name, Tensor Tensor)> parameters, TrainingConfig config)
        : base(parameters)
    {
        _config = config;
        _moments = [.. Parameters.Select(p => (ZerosLike(p.Tensor), ZerosLike(p.Tensor)))];
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> State()
    {
        for (var i = 0; i < Parameters.Count; i++)
        {
            yield return ($"{Parameters[i].Name}.first_moment", _moments[i].Mean);
            yield return ($"{Parameters[i].Name}.second_moment", _moments[i].Square);
        }
    }

    /// <inheritdoc/>
    protected override void Update(float learningRate, Tensor? scale)
    {
        var factor = scale?.Item() ?? 1;
        if (float.IsNaN(factor))
            return;
        for (var i = 0; i < Parameters.Count; i++)
        {
            var (parameter, (m, v)) = (Parameters[i].Tensor, _moments[i]);
            if (parameter.Grad is null)
                continue;
            using var scope = new TensorScope();
            var gradient = parameter.Grad * factor;
            m.CopyFrom(m * _config.Beta1 + gradient * (1 - _config.Beta1));
            v.CopyFrom(v * _config.Beta2 + gradient.Square() * (1 - _config.Beta2));
            // Both averages began at 0, so after t steps their weights add up only to 1 - βᵗ, and they are divided by it.
            var mean = m / (1 - MathF.Pow(_config.Beta1, Steps));
            var square = v / (1 - MathF.Pow(_config.Beta2, Steps));
            // The weights of matrices also decay towards 0; norms, biases and other vectors do not.
            var decay = IsMatrix(Parameters[i]) ? _config.WeightDecay : 0;
            var direction = mean / (square.Sqrt() + AdamW.Epsilon) + parameter.Detach() * decay;
            parameter.CopyFrom(parameter.Detach() - direction * learningRate);
        }
    }
}
