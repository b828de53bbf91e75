namespace Mezcla.Training;

/// <summary>
/// Muon (Jordan et al. 2024): the momentum of a matrix is replaced by the nearest matrix with orthogonal rows, found by five Newton-Schulz
/// steps X ← aX + b(XXᵀ)X + c(XXᵀ)²X, so that the update has about the same size in every direction. It applies to the matrices inside the
/// blocks; all other parameters use AdamW. In a stack of expert matrices [E, m, n], each matrix is treated separately.
/// </summary>
public sealed class Muon : Optimizer
{
    // The coefficients of the quintic polynomial that moves singular values to about 1 fastest, as published with the method.
    private const float A = 3.4445f, B = -4.7750f, C = 2.0315f, Momentum = 0.95f;
    private const int Iterations = 5;

    private readonly TrainingConfig _config;
    private readonly List<(string Name, Tensor Parameter, Tensor Momentum)> _matrices = [];
    private readonly AdamW _others;

    /// <summary>Makes an optimizer whose momenta are zero.</summary>
    public Muon(IEnumerable<(string Name, Tensor Tensor)> parameters, TrainingConfig config)
        : base(parameters)
    {
        _config = config;
        foreach (var (name, tensor) in Parameters.Where(IsOwn))
            _matrices.Add((name, tensor, ZerosLike(tensor)));
        _others = new AdamW(Parameters.Where(p => !IsOwn(p)), config);
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Name, Tensor Tensor)> State() =>
        _matrices.Select(m => ($"{m.Name}.momentum", m.Momentum)).Concat(_others.State());

    /// <summary>
    /// Approximates the nearest matrix with orthogonal rows (or columns, if there are fewer of them) to each matrix of [..., m, n]; its
    /// singular values are between about 0.7 and 1.2.
    /// </summary>
    public static Tensor Orthogonalize(Tensor matrix)
    {
        var tall = matrix.Size(-2) > matrix.Size(-1);
        var x = tall ? matrix.Transpose(-1, -2) : matrix;
        x /= x.Square().Sum(-1, keepDims: true).Sum(-2, keepDims: true).Sqrt() + 1e-7f;
        for (var i = 0; i < Iterations; i++)
        {
            var gram = x.MatMul(x, transposeB: true);
            x = x * A + (gram * B + gram.MatMul(gram) * C).MatMul(x);
        }

        return tall ? x.Transpose(-1, -2) : x;
    }

    /// <inheritdoc/>
    protected override void Update(float learningRate, Tensor? scale)
    {
        // The scale is read from the device here, because NaN must not enter the momenta.
        var factor = scale?.Item() ?? 1;
        if (float.IsNaN(factor))
            return;
        foreach (var (_, parameter, momentum) in _matrices)
        {
            if (parameter.Grad is null)
                continue;
            using var scope = new TensorScope();
            var gradient = factor == 1 ? parameter.Grad : parameter.Grad * factor;
            momentum.CopyFrom(momentum * Momentum + gradient);
            var direction = Orthogonalize(gradient + momentum * Momentum);
            // The update is scaled to the root mean square of AdamW's, about 0.2, so that both can use one learning rate (Liu et al. 2025).
            var rate = learningRate * 0.2f * MathF.Sqrt(Math.Max(parameter.Size(-2), parameter.Size(-1)));
            parameter.CopyFrom(parameter.Detach() * (1 - learningRate * _config.WeightDecay) - direction * rate);
        }

        _others.Steps = Steps - 1;
        _others.Step(learningRate, scale);
    }

    private static bool IsOwn((string Name, Tensor Tensor) parameter) =>
        IsMatrix(parameter) && parameter.Name.StartsWith("blocks.", StringComparison.Ordinal);
}
