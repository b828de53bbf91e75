using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Σ(x - mean)²/(n - 1) over all elements or along one axis; over n where not <paramref name="unbiased"/>. dx = 2dy(x - mean)/(n - 1): what
    /// flows through the mean sums to zero.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Variance(this Tensor x, int? axis = null, bool keepDims = false, bool unbiased = true)
    {
        x = x.Floats("Variance");
        using var scope = new TensorScope();
        long n = axis is { } chosen ? x.Size(chosen) : x.Count;
        var centred = x - x.Detach().Mean(axis, keepDims: true);
        return scope.Keep(centred.Square().Sum(axis, keepDims) * (1f / (unbiased ? n - 1 : n)));
    }

    /// <summary>√Σx² over all elements: the Euclidean (Frobenius) norm. dx = dy·x/y, and 0 where the norm is 0.</summary>
    public static Tensor Norm(this Tensor x)
    {
        x = x.Floats("Norm");
        var y = Tensor.Empty("Norm", new Shape(), DType.Float32, x.Device);
        x.Kernels.Sum(x.Handle, y.Handle, 1, x.Count, 1, 1, squares: true, accumulate: false);
        x.Kernels.Unary(UnaryKind.Sqrt, y.Handle, y.Handle, 1, 0, 0);
        if (Tape.Records(x))
            y.RecordedAs(new EuclideanNode(y, x));
        return Tape.Finish("Norm", y);
    }

    private sealed class EuclideanNode(Tensor y, Tensor x) : Node("Norm", y, x.GradNode)
    {
        private readonly Saved x = new(x), y = new(y);
        private readonly Shape shape = x.Layout;

        internal override void Backward(Handle gradient)
        {
            var work = new Scratch(Device);
            var ratio = work.Rent(1);
            Kernels.Binary(BinaryKind.Divide, gradient, [], y.For(this), [], ratio, new Shape(), accumulate: false);
            Kernels.Select(y.For(this), ratio, 0, default, 0, ratio, 1, accumulate: false);
            Broadcast(BinaryKind.Multiply, x.For(this), shape, ratio, new Shape(), Input0!.Target(out bool add), shape, Kernels, add);
            work.Dispose();
        }

        protected override void ReleaseSaved() => Release(x, y);
    }
}
