namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Element by element, <paramref name="a"/> where the mask is not 0, else <paramref name="b"/>; broadcast. Each operand gets the
    /// gradient of the elements that were taken from it.
    /// </summary>
    /// <param name="mask">Float32 or Int32.</param>
    /// <param name="a">Taken where the mask is not 0.</param>
    /// <param name="b">Taken where the mask is 0.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Where(this Tensor mask, Tensor a, Tensor b)
    {
        a = a.Floats("Where");
        b = b.Floats("Where", a.Device);
        mask = Mask("Where", mask, a.Device);
        var shape = Shape.Broadcast("Where", Shape.Broadcast("Where", mask.Sizes, a.Sizes), b.Sizes);
        using var scope = new TensorScope();
        (mask, a, b) = (Expand(mask, shape), Expand(a, shape), Expand(b, shape));
        var y = Tensor.Empty("Where", shape, DType.Float32, a.Device);
        a.Kernels.Select(mask.Handle, a.Handle, 0, b.Handle, 0, y.Handle, y.Count, accumulate: false);
        GC.KeepAlive(mask);
        return Tape.Finish("Where", scope.Keep(y), Tape.Records(a, b) ? new WhereNode("Where", y, mask, a, b) : null);
    }

    private static Tensor Mask(string name, Tensor mask, Device device)
    {
        return mask.Require(name).DType != DType.BFloat16 ? mask.On(device, name)
            : throw new ArgumentException($"{name}: a mask is Float32 or Int32, not {mask.Described}.");
    }

    private sealed class WhereNode(string name, Tensor y, Tensor mask, Tensor? a, Tensor? b) : Node(name, y, a?.GradNode, b?.GradNode)
    {
        private readonly Saved _mask = new(mask);

        internal override void Backward(Handle gradient)
        {
            if (Input0 is { } left)
                Kernels.Select(_mask.For(this), gradient, 0, default, 0, left.Target(out var add), Count, add);
            if (Input1 is { } right)
                Kernels.Select(_mask.For(this), default, 0, gradient, 0, right.Target(out var add), Count, add);
        }

        protected override void ReleaseSaved() => _mask.Release();
    }
}
