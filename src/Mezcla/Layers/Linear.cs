using Mezcla.Tensors;

namespace Mezcla.Layers;

/// <summary>y = x·Wᵀ + b with W [outputs, inputs].</summary>
public sealed class Linear : Module
{
    private Tensor? _weight;

    /// <summary>A linear map with fresh weights and, where wanted, a bias of zeros.</summary>
    public Linear(int inputs, int outputs, bool bias, Initialization initialization)
    {
        _weight = Parameter("weight", initialization.Weight(outputs, inputs));
        if (bias) Bias = Parameter("bias", Tensor.Zeros(outputs));
    }

    /// <summary>W [outputs, inputs].</summary>
    /// <exception cref="InvalidOperationException">It is frozen.</exception>
    public Tensor Weight => _weight ?? throw new InvalidOperationException("This linear map is frozen (quantized): it has no float weights.");

    /// <summary>b [outputs], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>What took the weight's place; null while there are float weights.</summary>
    public IFrozenMatrix? Frozen { get; private set; }

    /// <summary>Called with every input; methods that calibrate on activations use it.</summary>
    internal Action<Tensor>? Observer { get; set; }

    /// <summary>What the forward pass uses in place of the weight and of its input, in quantization-aware training.</summary>
    internal Func<Tensor, Tensor>? WeightRounding { get; set; }

    /// <inheritdoc cref="WeightRounding"/>
    internal Func<Tensor, Tensor>? InputRounding { get; set; }

    /// <summary>[..., inputs] → [..., outputs].</summary>
    public Tensor Forward(Tensor x)
    {
        x = Seen(x);
        if (Frozen is null) return x.Linear(UsedWeight, Bias);
        return Bias is null ? Frozen.Apply(x) : Frozen.Apply(x) + Bias;
    }

    /// <summary>The same with GELU behind it, in one pass over memory where the device has that.</summary>
    public Tensor ForwardGelu(Tensor x, GeluForm form) => Frozen is null ? Seen(x).LinearGelu(UsedWeight, Bias, form) : Forward(x).Gelu(form);

    private Tensor UsedWeight => WeightRounding?.Invoke(Weight) ?? Weight;

    private Tensor Seen(Tensor x)
    {
        Observer?.Invoke(x);
        return InputRounding?.Invoke(x) ?? x;
    }

    /// <summary>Puts a frozen matrix in the weight's place, and releases the weight.</summary>
    internal void Freeze(IFrozenMatrix matrix)
    {
        Release("weight");
        (_weight, Frozen) = (null, matrix);
    }
}
