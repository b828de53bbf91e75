namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>ln of <see cref="Softmax(Tensor, int)"/>, computed as x - logsumexp x. dx = dy - exp(y)·Σ dy.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor LogSoftmax(this Tensor x, int axis = -1) => Softmax("LogSoftmax", x, axis, log: true);
}
