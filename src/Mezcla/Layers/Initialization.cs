namespace Mezcla.Layers;

/// <summary>
/// How the initial weights of a model are drawn: from normal distributions with mean 0, one tensor after
/// another, from one stream of random numbers.
/// </summary>
/// <param name="Random">The stream that the weights are drawn from; null for weights that are about to be loaded, which hold whatever was
/// in their memory.</param>
/// <param name="StandardDeviation">Standard deviation of the weights. 0.02 is GPT-2's (Radford et al. 2019, section 2.3).</param>
/// <param name="ResidualScale">A factor on the standard deviation of the matrices whose outputs are added to the residual stream. GPT-2
/// uses 1/√(2·L) for L blocks, since each block adds two outputs.</param>
public sealed record Initialization(RandomStream? Random, float StandardDeviation = 0.02f, float ResidualScale = 1)
{
    /// <summary>The initialization of a matrix whose output is added to the residual stream.</summary>
    public Initialization ForResidual => this with { StandardDeviation = StandardDeviation * ResidualScale, ResidualScale = 1 };

    /// <summary>Draws a weight tensor of the given shape.</summary>
    public Tensor Weight(params ReadOnlySpan<int> shape) =>
        Random is null ? Tensor.Empty(shape) : Tensor.Normal(Random, 0, StandardDeviation, shape);
}
