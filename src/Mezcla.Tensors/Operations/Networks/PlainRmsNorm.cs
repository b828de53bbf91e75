namespace Mezcla.Tensors;

/// <summary>
/// RMS norm, written as in the formula (Zhang and Sennrich, arXiv:1910.07467, eq. 4): x/√(mean x² + ε)·weight.
/// <see cref="TensorOperations.RmsNorm"/> gives the same results in one pass over memory.
/// </summary>
public static class PlainRmsNorm
{
    /// <summary>Divides each row by its root mean square, then scales its elements.</summary>
    /// <param name="x">[..., n].</param>
    /// <param name="weight">[n].</param>
    /// <param name="epsilon">Added to the mean square, so that a row of zeros is not divided by 0.</param>
    public static Tensor Forward(Tensor x, Tensor weight, float epsilon = 1e-6f)
    {
        var meanSquare = x.Square().Mean(-1, keepDims: true);
        return x / (meanSquare + epsilon).Sqrt() * weight;
    }
}
