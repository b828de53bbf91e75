using Mezcla.Tensors.Tests.Reference;
using Numbers = TorchSharp.torch.Tensor;

namespace Mezcla.Tensors.Torch.Tests.Oracle;

/// <summary>One operation, here and in TorchSharp.</summary>
/// <param name="Inputs">Makes inputs of a random shape.</param>
/// <param name="Ours">Ours, of the inputs and the integers.</param>
/// <param name="Theirs">TorchSharp's.</param>
internal sealed record OracleCase(
    Func<GradientCheck, Shaped, OracleInputs> Inputs, Func<Tensor[], Tensor[], Tensor> Ours, Func<Numbers[], Numbers[], Numbers> Theirs);

/// <summary>The inputs of an operation: numbers with gradients, and integers.</summary>
internal sealed record OracleInputs(Array64[] Floats, params (int[] Values, int[] Shape)[] Integers)
{
    public static implicit operator OracleInputs(Array64 x) => new([x]);
}
