namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// (x - mean)/√(variance + ε)·weight + bias over the last axis (Ba, Kiros and Hinton, arXiv:1607.06450). With x̂ the normalized row and
    /// g = dy·weight: dx = (g - mean g - x̂·mean(g·x̂))/√(variance + ε), d weight = Σ dy·x̂, d bias = Σ dy.
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
        // The mean of each row, then the inverse of its standard deviation.
        var statistics = x.Device.Pool.Rent(rows * 8L, "LayerNorm");
        Handle mean = new(statistics, 0), inverse = new(statistics, rows * 4L);
        x.Kernels.LayerNorm(x.Handle, weight?.Handle ?? default, bias?.Handle ?? default, y.Handle, mean, inverse, rows, n, epsilon);
        if (Tape.Records(x, weight, bias))
            return Tape.Finish("LayerNorm", y, new LayerNormNode(y, x, weight, bias, statistics, rows, n));
        statistics.Release();
        return Tape.Finish("LayerNorm", y);
    }

    private sealed class LayerNormNode(Tensor y, Tensor x, Tensor? weight, Tensor? bias, Storage statistics, int rows, int n)
        : Node("LayerNorm", y, x.GradNode, weight?.GradNode, bias?.GradNode)
    {
        private readonly Saved _x = new(x), _weight = weight is null ? default : new Saved(weight), _statistics = new(statistics);

        internal override void Backward(Handle gradient)
        {
            var mean = _statistics.For(this);
            Kernels.LayerNormBackward(_x.For(this), _weight.For(this), mean, mean.Plus(rows * 4L), gradient, rows, n,
                Target(0, out var addX), addX, Target(1, out var addWeight), addWeight, Target(2, out var addBias), addBias);
        }

        protected override void ReleaseSaved() => Release(_x, _weight, _statistics);
    }
}
