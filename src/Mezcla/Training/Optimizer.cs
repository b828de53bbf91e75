namespace Mezcla.Training;

/// <summary>Changes parameters in place, using their gradients.</summary>
public abstract class Optimizer
{
    /// <summary>Makes an optimizer of named parameters.</summary>
    protected Optimizer(IEnumerable<(string Name, Tensor Tensor)> parameters) => Parameters = [.. parameters];

    /// <summary>The parameters that it changes.</summary>
    protected IReadOnlyList<(string Name, Tensor Tensor)> Parameters { get; }

    /// <summary>
    /// The number of steps taken so far, which the bias correction of the moments uses. Set it
    /// after restoring the moments from a checkpoint.
    /// </summary>
    public int Steps { get; set; }

    /// <summary>The moments, by name. A checkpoint saves them, so that resumed training gives exactly the same bits.</summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State();

    /// <summary>Takes one step with the given learning rate; parameters without a gradient do not change.</summary>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="scale">A factor for all gradients, such as the last number of <see cref="Gradients.Measure"/>: one number, still on its
    /// device. If it is NaN, nothing changes. Null for 1.</param>
    public void Step(float learningRate, Tensor? scale = null)
    {
        Steps++;
        using (new NoGrad())
            Update(learningRate, scale);
    }

    /// <summary>Releases the gradients.</summary>
    public void ZeroGrad()
    {
        foreach (var (_, tensor) in Parameters)
            tensor.ClearGrad();
    }

    /// <summary>
    /// Whether a parameter is a matrix, or a stack with one matrix for each expert. The biases of experts [E, n] do not
    /// count: they are one vector for each expert.
    /// </summary>
    private protected static bool IsMatrix((string Name, Tensor Tensor) parameter) =>
        parameter.Tensor.Rank >= 2 && !parameter.Name.EndsWith("bias", StringComparison.Ordinal);

    /// <summary>Changes the parameters, using gradients multiplied by <paramref name="scale"/> if it is not null.</summary>
    protected abstract void Update(float learningRate, Tensor? scale);

    /// <summary>Makes a tensor of zeros like <paramref name="parameter"/> that outlives every tensor scope.</summary>
    private protected static Tensor ZerosLike(Tensor parameter)
    {
        using var outside = TensorScope.Suspend();
        return Tensor.Zeros(DType.Float32, parameter.Device, parameter.Shape);
    }
}
