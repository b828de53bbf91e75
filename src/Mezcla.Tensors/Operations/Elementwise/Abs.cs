using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>|x|; derivative sign x, 0 at 0.</summary>
    public static Tensor Abs(this Tensor x) => Unary("Abs", UnaryKind.Abs, x);
}
