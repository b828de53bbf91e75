namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// (x - mean)/√(variance + ε)·weight + bias over the last axis (Ba, Kiros and Hinton, arXiv:1607.06450). With x̂ the normalized row and g =
    /// dy·weight: dx = (g - mean g - x̂·mean(g·x̂))/√(variance + ε), d weight = Σ dy·x̂, d bias = Σ dy.
    /// </summary>
    /// <param name="x">[..., n].</param>
    /// <param name="weight">[n].</param>
    /// <param name="bias">[n], or none.</param>
    /// <param name="epsilon">Added to the variance (the biased one).</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor LayerNorm(this Tensor x, Tensor? weight, Tensor? bias = null, float epsilon = 1e-5f)
    {
        var (rows, n) = NormSizes("LayerNorm", ref x, ref weight, ref bias);
        var y = Tensor.Empty("LayerNorm", x.Sizes, DType.Float32, x.Device);
        // The mean of each row, then the inverse deviation of each.
        var statistics = x.Device.Pool.Rent(rows * 8L, "LayerNorm");
        Handle mean = new(statistics, 0), inverse = new(statistics, rows * 4L);
        x.Kernels.LayerNorm(x.Handle, weight?.Handle ?? default, bias?.Handle ?? default, y.Handle, mean, inverse, rows, n, epsilon);
        if (Tape.Records(x, weight, bias))
            y.RecordedAs(new NormNode("LayerNorm", y, x, weight, bias, statistics, rows, n));
        else
            statistics.Release();
        return Tape.Finish("LayerNorm", y);
    }

    /// <summary>
    /// x/√(mean x² + ε)·weight over the last axis (Zhang and Sennrich, arXiv:1910.07467). With r the inverse root and g = dy·weight:
    /// dx = r·g - x·r³·mean(g·x), d weight = Σ dy·x·r.
    /// </summary>
    /// <param name="x">[..., n].</param>
    /// <param name="weight">[n], or none.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor RmsNorm(this Tensor x, Tensor? weight = null, float epsilon = 1e-6f)
    {
        Tensor? none = null;
        var (rows, n) = NormSizes("RmsNorm", ref x, ref weight, ref none);
        var y = Tensor.Empty("RmsNorm", x.Sizes, DType.Float32, x.Device);
        var statistics = x.Device.Pool.Rent(rows * 4L, "RmsNorm");
        x.Kernels.RmsNorm(x.Handle, weight?.Handle ?? default, y.Handle, new Handle(statistics, 0), rows, n, epsilon);
        if (Tape.Records(x, weight))
            y.RecordedAs(new NormNode("RmsNorm", y, x, weight, null, statistics, rows, n));
        else
            statistics.Release();
        return Tape.Finish("RmsNorm", y);
    }

    private static (int Rows, int N) NormSizes(string name, ref Tensor x, ref Tensor? weight, ref Tensor? bias)
    {
        x = x.Floats(name);
        weight = weight?.Floats(name, x.Device);
        bias = bias?.Floats(name, x.Device);
        int n = x.Rank > 0 ? x.Size(-1) : throw new ArgumentException($"{name}: a scalar has no axis to normalize.");
        if (weight is not null && (weight.Rank != 1 || weight.Count != n) || bias is not null && (bias.Rank != 1 || bias.Count != n))
            throw new ArgumentException($"{name}: {x.Sizes} needs a weight and a bias of [{n}], not {weight?.Sizes.ToString() ?? "none"} and {bias?.Sizes.ToString() ?? "none"}.");
        weight = weight is null ? null : Distinct(weight, x);
        bias = bias is null ? null : Distinct(bias, x, weight);
        return (checked((int)x.Sizes.Product(0, x.Rank - 1)), n);
    }

    /// <summary>Both norms: RMS norm has no means among its statistics.</summary>
    private sealed class NormNode(string name, Tensor y, Tensor x, Tensor? weight, Tensor? bias, Storage statistics, int rows, int n)
        : Node(name, y, x.GradNode, weight?.GradNode, bias?.GradNode)
    {
        private readonly Saved x = new(x), weight = weight is null ? default : new Saved(weight), statistics = new(statistics);

        internal override void Backward(Handle gradient)
        {
            bool addX = false, addWeight = false, addBias = false;
            var dx = Input0?.Target(out addX) ?? default;
            var dWeight = Input1?.Target(out addWeight) ?? default;
            var dBias = Input2?.Target(out addBias) ?? default;
            var first = statistics.For(this);
            if (Name == "RmsNorm")
                Kernels.RmsNormBackward(x.For(this), weight.For(this), first, gradient, rows, n, dx, addX, dWeight, addWeight);
            else
                Kernels.LayerNormBackward(x.For(this), weight.For(this), first, first.Plus(rows * 4L), gradient, rows, n, dx, addX, dWeight, addWeight, dBias, addBias);
        }

        protected override void ReleaseSaved() => Release(x, weight, statistics);
    }
}
