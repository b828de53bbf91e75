using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Layers;

/// <summary>A linear map that rounds its weights, and optionally its inputs, in every forward pass. Quantization-aware training replaces a
/// linear map by it; both share the same parameters.</summary>
/// <param name="linear">The map whose parameters are trained.</param>
/// <param name="roundWeights">W → what is multiplied.</param>
/// <param name="roundInputs">x → what is multiplied; null for x as it is.</param>
internal sealed class RoundedLinear(Linear linear, Func<Tensor, Tensor> roundWeights, Func<Tensor, Tensor>? roundInputs)
    : Linear(linear.Weight, linear.Bias)
{
    public override Tensor Forward(Tensor x) => (roundInputs?.Invoke(x) ?? x).Linear(roundWeights(Weight), Bias);

    public override Tensor ForwardGelu(Tensor x, GeluForm form) =>
        (roundInputs?.Invoke(x) ?? x).LinearGelu(roundWeights(Weight), Bias, form);
}

/// <summary>The same as <see cref="RoundedLinear"/> for the linear maps of experts.</summary>
/// <param name="linear">The maps whose parameters are trained.</param>
/// <param name="roundWeights">W → what is multiplied.</param>
/// <param name="roundInputs">x → what is multiplied; null for x as it is.</param>
internal sealed class RoundedGroupedLinear(GroupedLinear linear, Func<Tensor, Tensor> roundWeights, Func<Tensor, Tensor>? roundInputs)
    : GroupedLinear(linear.Weight, linear.Bias)
{
    public override Tensor Forward(Tensor x, Tensor experts, Tensor offsets) =>
        AddBias((roundInputs?.Invoke(x) ?? x).GroupedMatMul(roundWeights(Weight), offsets, transposeWeights: true), experts);
}
