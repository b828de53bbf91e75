namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Sets each element to 0 with probability p and to x/(1 - p) otherwise (Srivastava et al. 2014): element i is kept if number i of the
    /// stream, counted from its position, is at least p. The backward pass draws the same numbers again, so no mask is stored. Each element
    /// takes one position of the stream.
    /// </summary>
    /// <exception cref="ArgumentException">p is not from 0 to below 1.</exception>
    public static Tensor Dropout(this Tensor x, float p, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        x = x.Floats("Dropout");
        if (!(p >= 0 && p < 1))
            throw new ArgumentException($"Dropout: the probability must be from 0 to below 1, not {p}.");
        if (p == 0)
            return x;
        var position = random.Position;
        var y = Tensor.Empty("Dropout", x.Sizes, DType.Float32, x.Device);
        x.Kernels.Dropout(x.Handle, y.Handle, x.Count, p, random.Seed, random.Stream, position, accumulate: false);
        random.Position += (ulong)x.Count;
        return Tape.Finish("Dropout", y, Tape.Records(x) ? new DropoutNode(y, x, p, random.Seed, random.Stream, position) : null);
    }

    private sealed class DropoutNode(Tensor y, Tensor x, float p, ulong seed, ulong stream, ulong position) : Node("Dropout", y, x.GradNode)
    {
        internal override void Backward(Handle gradient)
            => Kernels.Dropout(gradient, Input0!.Target(out var accumulate), Count, p, seed, stream, position, accumulate);
    }
}
