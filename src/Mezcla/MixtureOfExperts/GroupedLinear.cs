namespace Mezcla.MixtureOfExperts;

/// <summary>
/// One linear layer for each expert: y = x·W_eᵀ + b_e, with W [E, outputs, inputs]. Rows sorted by expert go through one grouped matrix
/// product, so that only chosen experts are computed. Other kinds, such as one with quantized weights, are derived from it and replace it
/// in a model by <see cref="Module.Replace"/>.
/// </summary>
public class GroupedLinear : Module
{
    private readonly Tensor? _weight;

    /// <summary>
    /// Makes the linear layers of <paramref name="experts"/> experts with newly drawn weights and, if wanted, zero biases.
    /// </summary>
    public GroupedLinear(int experts, int inputs, int outputs, bool bias, Initialization initialization)
    {
        _weight = Parameter("weight", initialization.Weight(experts, outputs, inputs));
        if (bias)
            Bias = Parameter("bias", Tensor.Zeros(experts, outputs));
    }

    /// <summary>For derived classes: linear layers with the parameters of existing ones.</summary>
    /// <param name="weight">W; null if the derived class keeps its weights in another form.</param>
    /// <param name="bias">b, or null.</param>
    protected GroupedLinear(Tensor? weight, Tensor? bias)
    {
        if (weight is not null)
            _weight = SharedParameter("weight", weight);
        if (bias is not null)
            Bias = SharedParameter("bias", bias);
    }

    /// <summary>W [E, outputs, inputs].</summary>
    /// <exception cref="InvalidOperationException">This kind of layer keeps its weights in another form.</exception>
    public Tensor Weight => _weight ?? throw new InvalidOperationException($"A {GetType().Name} has no float weights.");

    /// <summary>b [E, outputs], or null.</summary>
    public Tensor? Bias { get; }

    /// <summary>Rows sorted by expert, [n, inputs] → [n, outputs].</summary>
    /// <param name="x">The rows.</param>
    /// <param name="experts">The expert of each row, Int32 [n].</param>
    /// <param name="offsets">Int32 [E + 1]: expert e has the rows from offsets[e] to before offsets[e + 1].</param>
    public virtual Tensor Forward(Tensor x, Tensor experts, Tensor offsets) =>
        AddBias(x.GroupedMatMul(Weight, offsets, transposeWeights: true), experts);

    /// <summary>Adds to each row of y [n, outputs] the bias of its expert, if there are biases.</summary>
    protected Tensor AddBias(Tensor y, Tensor experts) => Bias is null ? y : y + Bias.IndexSelect(0, experts);
}
