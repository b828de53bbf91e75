using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>sin x; derivative cos x.</summary>
    public static Tensor Sin(this Tensor x) => Unary("Sin", UnaryKind.Sin, x);
}
