using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>x held between two bounds; derivative 1 from bound to bound, 0 outside. NaN stays.</summary>
    /// <exception cref="ArgumentException">The bounds are the wrong way round.</exception>
    public static Tensor Clamp(this Tensor x, float minimum = float.NegativeInfinity, float maximum = float.PositiveInfinity)
        => minimum <= maximum ? Unary("Clamp", UnaryKind.Clamp, x, minimum, maximum)
            : throw new ArgumentException($"Clamp: the minimum {minimum} is not below the maximum {maximum}.");
}
