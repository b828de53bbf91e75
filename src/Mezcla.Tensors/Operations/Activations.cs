using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

// Nonlinearities: any shape to the same shape.
public static partial class TensorOperations
{
    /// <summary>tanh x; derivative 1 - y².</summary>
    public static Tensor Tanh(this Tensor x) => Unary("Tanh", UnaryKind.Tanh, x);

    /// <summary>σ(x) = 1/(1 + e⁻ˣ); derivative y(1 - y).</summary>
    public static Tensor Sigmoid(this Tensor x) => Unary("Sigmoid", UnaryKind.Sigmoid, x);

    /// <summary>
    /// x·Φ(x), Φ the normal distribution function; derivative Φ(x) + x·φ(x). <see cref="GeluForm.Tanh"/>: ½x(1 + tanh u) with
    /// u = √(2/π)(x + 0.044715x³); derivative ½(1 + tanh u) + ½x(1 - tanh² u)u′. Hendrycks and Gimpel, arXiv:1606.08415.
    /// </summary>
    public static Tensor Gelu(this Tensor x, GeluForm form = GeluForm.Tanh)
        => Unary("Gelu", form == GeluForm.Tanh ? UnaryKind.GeluTanh : UnaryKind.Gelu, x);

    /// <summary>x·σ(x), also called swish; derivative σ(x)(1 + x(1 - σ(x))). Elfwing, Uchibe and Doya, arXiv:1702.03118.</summary>
    public static Tensor Silu(this Tensor x) => Unary("Silu", UnaryKind.Silu, x);

    /// <summary>max(x, 0); derivative 1 where x is positive, else 0.</summary>
    public static Tensor Relu(this Tensor x) => Unary("Relu", UnaryKind.Relu, x);

    /// <summary>ln(1 + eˣ), computed without overflow; derivative σ(x).</summary>
    public static Tensor Softplus(this Tensor x) => Unary("Softplus", UnaryKind.Softplus, x);
}
