using System.Diagnostics.CodeAnalysis;

namespace Mezcla.Tensors;

/// <summary>Checks that operations make before they begin. Each throws with the name of the operation.</summary>
internal static class TensorChecks
{
    /// <summary>Requires a tensor that is not null and was not released.</summary>
    internal static Tensor Require([NotNull] this Tensor? tensor, string operation) => tensor is null
        ? throw new ArgumentNullException(nameof(tensor), $"{operation}: a tensor is null.")
        : !tensor.IsReleased ? tensor
        : throw new ObjectDisposedException(nameof(Tensor),
            $"{operation}: the tensor {tensor.Sizes} was released, by Dispose or the end of its TensorScope (scope.Keep saves what is " +
                "needed later).");

    /// <summary>
    /// Returns the tensor as Float32, converted if it is stored in fewer bits, for an operation that computes in Float32.
    /// </summary>
    internal static Tensor Floats([NotNull] this Tensor? tensor, string operation) => tensor.Require(operation).DType switch
    {
        DType.Float32 => tensor,
        DType.BFloat16 => tensor.To(DType.Float32),
        _ => throw new ArgumentException($"{operation}: {tensor.Described} holds integers; convert with To(DType.Float32)."),
    };

    /// <summary>Does the same, and requires the tensor to be on the device of the other operands.</summary>
    internal static Tensor Floats([NotNull] this Tensor? tensor, string operation, Device device) =>
        tensor.Floats(operation).On(device, operation);

    internal static Tensor Integers([NotNull] this Tensor? tensor, string operation, string what, Device? device = null) =>
        tensor.Require(operation).DType == DType.Int32
        ? tensor.On(device ?? tensor.Device, operation)
        : throw new ArgumentException($"{operation}: {what} must be Int32, not {tensor.Described}.");

    internal static Tensor On(this Tensor tensor, Device device, string operation) => tensor.Device == device ? tensor
        : throw new ArgumentException($"{operation}: one tensor is on {device}, the other ({tensor.Described}) is not; move it with To.");

    /// <summary>An axis counted from the first, after checking that it exists.</summary>
    internal static int Axis([NotNull] this Tensor? tensor, string operation, int axis)
    {
        int rank = tensor.Require(operation).Rank, positive = axis < 0 ? axis + rank : axis;
        return positive >= 0 && positive < rank
            ? positive
            : throw new ArgumentException($"{operation}: {tensor.Sizes} has no axis {axis}.");
    }
}
