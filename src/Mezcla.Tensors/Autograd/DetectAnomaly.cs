namespace Mezcla.Tensors;

/// <summary>
/// <c>using (new DetectAnomaly()) { ... }</c>: searches the result of every operation and of every backward step on
/// this thread for NaN, and throws at the first one found, with the name of the operation that produced it. It is slow:
/// use it to find an error, not for training.
/// </summary>
public sealed class DetectAnomaly : IDisposable
{
    [ThreadStatic] private static int _depth;

    private bool _ended;

    /// <summary>Starts searching on this thread.</summary>
    public DetectAnomaly() => _depth++;

    internal static bool Active => _depth > 0;

    /// <summary>Stops searching, unless another <see cref="DetectAnomaly"/> encloses this one.</summary>
    public void Dispose()
    {
        if (!_ended)
            _depth--;
        _ended = true;
    }

    internal static void Check(string operation, Tensor result)
    {
        if (result.DType == DType.Float32 && result.Kernels.FirstNaN(result.Handle, result.Count) is >= 0 and var at)
            throw new ArithmeticException($"{operation} made NaN: element {at} of its result {result.Sizes}, the first of this run.");
    }

    internal static void CheckGradients(Node node)
    {
        foreach (var input in node.Inputs)
            if (input?.Arrived is { IsNull: false } gradient && node.Device.Kernels.FirstNaN(gradient, input.Count) is >= 0 and var at)
                throw new ArithmeticException($"The derivative of {node.Name} made NaN: element {at} of the gradient of {input.Name}.");
    }
}
