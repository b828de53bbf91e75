namespace Mezcla.MixtureOfExperts;

/// <summary>
/// A linear layer whose inputs, weights and outputs are rounded to a narrower type; sums and the returned tensor are float32. As the gate
/// of a router, it shows what routing loses in bfloat16 (Fedus et al. 2021, section 2.4).
/// </summary>
internal sealed class LowPrecisionLinear(int inputs, int outputs, bool bias, Initialization initialization, DType precision)
    : Linear(inputs, outputs, bias, initialization)
{
    public override Tensor Forward(Tensor x) => x.To(precision).Linear(Weight.To(precision), Bias).To(precision).To(DType.Float32);

    public override Tensor ForwardGelu(Tensor x, GeluForm form) => Forward(x).Gelu(form);
}
