namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// x·Φ(x), Φ the normal distribution function; derivative Φ(x) + x·φ(x). <see cref="GeluForm.Tanh"/>: ½x(1 + tanh u) with
    /// u = √(2/π)(x + 0.044715x³); derivative ½(1 + tanh u) + ½x(1 - tanh² u)u′. Hendrycks and Gimpel, arXiv:1606.08415.
    /// </summary>
    public static Tensor Gelu(this Tensor x, GeluForm form = GeluForm.Tanh)
        => Unary("Gelu", form == GeluForm.Tanh ? UnaryKind.GeluTanh : UnaryKind.Gelu, x);
}
