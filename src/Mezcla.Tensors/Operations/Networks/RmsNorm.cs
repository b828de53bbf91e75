namespace Mezcla.Tensors;

public static partial class TensorOperations
{
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
            return Tape.Finish("RmsNorm", y, new RmsNormNode(y, x, weight, statistics, rows, n));
        statistics.Release();
        return Tape.Finish("RmsNorm", y);
    }

    private sealed class RmsNormNode(Tensor y, Tensor x, Tensor? weight, Storage inverse, int rows, int n)
        : Node("RmsNorm", y, x.GradNode, weight?.GradNode)
    {
        private readonly Saved _x = new(x), _weight = weight is null ? default : new Saved(weight), _inverse = new(inverse);

        internal override void Backward(Handle gradient)
            => Kernels.RmsNormBackward(_x.For(this), _weight.For(this), _inverse.For(this), gradient, rows, n,
                Target(0, out var addX), addX, Target(1, out var addWeight), addWeight);

        protected override void ReleaseSaved() => Release(_x, _weight, _inverse);
    }
}
