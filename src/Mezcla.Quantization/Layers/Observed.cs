using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Layers;

/// <summary>A linear map that reports its inputs before it computes. Calibration puts it in
/// the place of each linear map while it runs the model.</summary>
/// <param name="linear">The map that computes.</param>
/// <param name="observe">Called with every input.</param>
internal sealed class ObservedLinear(Linear linear, Action<Tensor> observe) : Linear(linear.Weight, linear.Bias)
{
    public override Tensor Forward(Tensor x)
    {
        observe(x);
        return linear.Forward(x);
    }

    public override Tensor ForwardGelu(Tensor x, GeluForm form)
    {
        observe(x);
        return linear.ForwardGelu(x, form);
    }
}

/// <summary>The same for the linear maps of experts.</summary>
/// <param name="linear">The maps that compute.</param>
/// <param name="observe">Called with every input, sorted by expert, and the offsets at which the experts' rows begin.</param>
internal sealed class ObservedGroupedLinear(GroupedLinear linear, Action<Tensor, Tensor> observe)
    : GroupedLinear(linear.Weight, linear.Bias)
{
    public override Tensor Forward(Tensor x, Tensor experts, Tensor offsets)
    {
        observe(x, offsets);
        return linear.Forward(x, experts, offsets);
    }
}
