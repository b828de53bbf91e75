namespace Mezcla.Training;

/// <summary>Changes parameters in place by their gradients.</summary>
public abstract class Optimizer
{
    /// <summary>An optimizer of named parameters.</summary>
    protected Optimizer(IEnumerable<(string Name, Tensor Tensor)> parameters) => Parameters = [.. parameters];

    /// <summary>What it changes.</summary>
    protected IReadOnlyList<(string Name, Tensor Tensor)> Parameters { get; }

    /// <summary>Steps taken so far, by which the bias of the moments is corrected.
    /// Whoever restores the moments of a checkpoint sets it.</summary>
    public int Steps { get; set; }

    /// <summary>The moments, by name, which a checkpoint saves so that training resumes to the same bits.</summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State();

    /// <summary>One step at the given learning rate; parameters without a gradient stay.</summary>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="scale">One number that gradients are multiplied by, still on its device, such as the last of
    /// <see cref="Gradients.Measure"/>; where it is NaN nothing changes. Null for 1.</param>
    public void Step(float learningRate, Tensor? scale = null)
    {
        Steps++;
        using (new NoGrad())
            Update(learningRate, scale);
    }

    /// <summary>Forgets the gradients.</summary>
    public void ZeroGrad()
    {
        foreach (var (_, tensor) in Parameters)
            tensor.ClearGrad();
    }

    /// <summary>Whether a parameter is a matrix, or a stack of one for each expert: biases of
    /// experts [E, n] are vectors of many experts, not matrices.</summary>
    private protected static bool IsMatrix((string Name, Tensor Tensor) parameter) =>
        parameter.Tensor.Rank >= 2 && !parameter.Name.EndsWith("bias", StringComparison.Ordinal);

    /// <summary>Changes the parameters, by gradients multiplied by <paramref name="scale"/> where there is one.</summary>
    protected abstract void Update(float learningRate, Tensor? scale);

    /// <summary>A zero tensor like <paramref name="parameter"/> that outlives every scope.</summary>
    private protected static Tensor ZerosLike(Tensor parameter)
    {
        using var outside = TensorScope.Suspend();
        return Tensor.Zeros(DType.Float32, parameter.Device, parameter.Shape);
    }
}
