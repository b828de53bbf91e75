namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// gelu(x·Wᵀ + b), the first half of a transformer's feed-forward network, for x [..., in], W [out, in], b [out]; the result is [...,
    /// out]. On a device that supports it, a thread applies GELU to each block of the product while the block is in its cache. The slopes
    /// g′ are kept for the backward pass instead of the sums h = x·Wᵀ + b, since value and slope share their costly part. Then dh = dy·g′,
    /// and the rest is as in <see cref="Linear"/>. On other devices this is <c>x.Linear(W, b).Gelu(form)</c>, with the same results.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor LinearGelu(this Tensor x, Tensor weight, Tensor? bias = null, GeluForm form = GeluForm.Tanh)
    {
        var kernels = x.Device.Kernels;
        if (!kernels.HasLinearGelu)
            return x.Linear(weight, bias).Gelu(form);
        var (rows, input, output) = LinearSizes("LinearGelu", ref x, ref weight, ref bias);
        var y = Tensor.Empty("LinearGelu", x.Sizes.With(x.Rank - 1, output), DType.Float32, x.Device);
        var slopes = Tape.Records(x, weight, bias) ? x.Device.Pool.Rent(y.Count * 4, "LinearGelu") : null;
        kernels.LinearGelu(rows, output, input, x.Handle, weight.Handle, bias?.Handle ?? default, y.Handle, new Handle(slopes, 0), form);
        return Tape.Finish("LinearGelu", y,
            slopes is null ? null : new LinearGeluNode(y, x, weight, bias, slopes, rows, input, output));
    }

    private sealed class LinearGeluNode(Tensor y, Tensor x, Tensor weight, Tensor? bias, Storage slopes, int rows, int input, int output)
        : LinearNode("LinearGelu", y, x, weight, bias, rows, input, output)
    {
        private readonly Saved _slopes = new(slopes);
        private readonly Shape _shape = y.Sizes;

        internal override void Backward(Handle gradient)
        {
            // If the slopes are not needed again, the product overwrites them.
            var inner = IsLastPass ? _slopes.For(this) : Rent(Count);
            Broadcast(BinaryKind.Multiply, gradient, _shape, _slopes.For(this), _shape, inner, _shape, Kernels, accumulate: false);
            base.Backward(inner);
            if (!IsLastPass)
                inner.Storage!.Release();
        }

        protected override void ReleaseSaved()
        {
            base.ReleaseSaved();
            _slopes.Release();
        }
    }
}
