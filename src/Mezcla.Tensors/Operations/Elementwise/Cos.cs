using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>cos x; derivative -sin x.</summary>
    public static Tensor Cos(this Tensor x) => Unary("Cos", UnaryKind.Cos, x);
}
