using Mezcla.Tensors;

namespace Mezcla.Layers;

/// <summary>y = x·Wᵀ + b with W [outputs, inputs].</summary>
public sealed class Linear : Module
{
    /// <summary>A linear map with normal weights of the given standard deviation and, where wanted, a zero bias.</summary>
    public Linear(int inputs, int outputs, bool bias, RandomStream random, float deviation = 0.02f)
    {
        Weight = Parameter("weight", Tensor.Normal(random, 0, deviation, outputs, inputs));
        if (bias) Bias = Parameter("bias", Tensor.Zeros(outputs));
    }

    /// <summary>W [outputs, inputs].</summary>
    public Tensor Weight { get; }

    /// <summary>b [outputs], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>[..., inputs] → [..., outputs].</summary>
    public Tensor Forward(Tensor x) => x.Linear(Weight, Bias);
}
