namespace Mezcla.Layers;

/// <summary>
/// y = x·Wᵀ + b with W [outputs, inputs]. Other kinds of linear layer, such as one with quantized weights, are derived from it and replace
/// it in a model by <see cref="Module.Replace"/>.
/// </summary>
public class Linear : Module
{
    private readonly Tensor? _weight;

    /// <summary>Makes a linear layer with newly drawn weights and, if wanted, a bias of zeros.</summary>
    public Linear(int inputs, int outputs, bool bias, Initialization initialization)
    {
        _weight = Parameter("weight", initialization.Weight(outputs, inputs));
        if (bias)
            Bias = Parameter("bias", Tensor.Zeros(outputs));
    }

    /// <summary>For derived classes: a linear layer with the parameters of an existing one.</summary>
    /// <param name="weight">W; null if the derived class keeps its weights in another form.</param>
    /// <param name="bias">b, or null.</param>
    protected Linear(Tensor? weight, Tensor? bias)
    {
        if (weight is not null)
            _weight = SharedParameter("weight", weight);
        if (bias is not null)
            Bias = SharedParameter("bias", bias);
    }

    /// <summary>W [outputs, inputs].</summary>
    /// <exception cref="InvalidOperationException">This kind of linear layer keeps its weights in another form.</exception>
    public Tensor Weight => _weight ?? throw new InvalidOperationException($"A {GetType().Name} has no float weights.");

    /// <summary>b [outputs], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>[..., inputs] → [..., outputs].</summary>
    public virtual Tensor Forward(Tensor x) => x.Linear(Weight, Bias);

    /// <summary>The linear layer followed by GELU, in one pass over memory if the device supports that.</summary>
    public virtual Tensor ForwardGelu(Tensor x, GeluForm form) => x.LinearGelu(Weight, Bias, form);
}
