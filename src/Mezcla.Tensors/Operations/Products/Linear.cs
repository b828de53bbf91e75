namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// x·Wᵀ + b, with the bias added inside the product: x [..., in], W [out, in] (PyTorch's layout), b [out], result [..., out]. dx =
    /// dy·W, dW = dyᵀ·x, db = dy summed over rows; no transposed copy is ever made.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Linear(this Tensor x, Tensor weight, Tensor? bias = null)
    {
        var (rows, input, output) = LinearSizes("Linear", ref x, ref weight, ref bias);
        var y = Tensor.Empty("Linear", x.Sizes.With(x.Rank - 1, output), DType.Float32, x.Device);
        x.Kernels.MatMul(new Product(1, rows, output, input, false, true, 0, 0, 0), x.Handle, weight.Handle, bias?.Handle ?? default,
            y.Handle, accumulate: false);
        return Tape.Finish("Linear", y,
            Tape.Records(x, weight, bias) ? new LinearNode("Linear", y, x, weight, bias, rows, input, output) : null);
    }

    private static (int Rows, int Input, int Output) LinearSizes(string name, ref Tensor x, ref Tensor weight, ref Tensor? bias)
    {
        x = x.Floats(name);
        weight = weight.Floats(name, x.Device);
        bias = bias?.Floats(name, x.Device);
        if (weight.Rank != 2 || x.Rank < 1 || x.Size(-1) != weight.Sizes[1])
            throw new ArgumentException(
                $"{name}: the input {x.Sizes} and the weight {weight.Sizes} must be [..., in] and [out, in] with the same inner size.");
        if (bias is not null && (bias.Rank != 1 || bias.Count != weight.Sizes[0]))
            throw new ArgumentException($"{name}: the bias {bias.Sizes} must be [out] for the weight {weight.Sizes}.");
        return (checked((int)x.Sizes.Product(0, x.Rank - 1)), weight.Sizes[1], weight.Sizes[0]);
    }

    private class LinearNode(string name, Tensor y, Tensor x, Tensor weight, Tensor? bias, int rows, int input, int output)
        : Node(name, y, x.GradNode, weight.GradNode, bias?.GradNode)
    {
        private readonly Saved _x = weight.RequiresGrad ? new Saved(x) : default, _weight = x.RequiresGrad ? new Saved(weight) : default;

        internal override void Backward(Handle gradient)
        {
            if (Input0 is { } dx)
                Kernels.MatMul(new Product(1, rows, input, output, false, false, 0, 0, 0), gradient, _weight.For(this), default,
                    dx.Target(out var add), add);
            if (Input1 is { } dWeight)
                Kernels.MatMul(new Product(1, output, input, rows, true, false, 0, 0, 0), gradient, _x.For(this), default,
                    dWeight.Target(out var add), add);
            if (Input2 is { } dBias)
                Kernels.Sum(gradient, dBias.Target(out var add), 1, rows, output, 1, squares: false, add);
        }

        protected override void ReleaseSaved() => Release(_x, _weight);
    }
}
