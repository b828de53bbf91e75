namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>Tensors one after the other along an axis. Each gets its part of the gradient.</summary>
    /// <exception cref="ArgumentException">None is given, or they differ in another axis, in type or in device.</exception>
    public static Tensor Concatenate(int axis, params ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.IsEmpty)
            throw new ArgumentException("Concatenate: no tensors are given.");
        var first = tensors[0].Require("Concatenate");
        axis = first.Axis("Concatenate", axis);
        long size = 0;
        foreach (var tensor in tensors)
        {
            tensor.Require("Concatenate").On(first.Device, "Concatenate");
            if (tensor.Rank != first.Rank || tensor.DType != first.DType || tensor.shape.With(axis, 0) != first.shape.With(axis, 0))
                throw new ArgumentException($"Concatenate along axis {axis}: {tensor.Described} does not fit {first.Described}.");
            size += tensor.shape[axis];
        }
        var y = Empty("Concatenate", new Shape(first.shape.With(axis, checked((int)size)).Span), first.DType, first.Device);
        Span<long> part = stackalloc long[Tensors.Shape.MaxRank], whole = stackalloc long[Tensors.Shape.MaxRank];
        y.shape.Strides(whole);
        var to = y.Handle;
        foreach (var tensor in tensors)
        {
            tensor.shape.Strides(part);
            y.Kernels.CopyStrided(tensor.Handle, part, to, whole, tensor.shape, y.DType.Bytes());
            to = to.Plus(tensor.shape[axis] * whole[axis] * y.DType.Bytes());
        }
        if (Tape.Records(tensors))
            y.RecordedAs(new ConcatenateNode(y, tensors, axis));
        return y;
    }

    private sealed class ConcatenateNode : Node
    {
        private readonly Node?[] inputs;
        private readonly int[] sizes;
        private readonly Shape shape;
        private readonly int axis;

        internal ConcatenateNode(Tensor y, ReadOnlySpan<Tensor> tensors, int axis) : base("Concatenate", y, null)
        {
            shape = y.shape;
            this.axis = axis;
            inputs = new Node?[tensors.Length];
            sizes = new int[tensors.Length];
            for (int i = 0; i < tensors.Length; i++)
            {
                sizes[i] = tensors[i].shape[axis];
                inputs[i] = tensors[i].GradNode;
                inputs[i]?.AddReference();
            }
        }

        internal override Node?[] MoreInputs => inputs;

        internal override void Backward(Handle gradient)
        {
            Span<long> part = stackalloc long[Tensors.Shape.MaxRank], whole = stackalloc long[Tensors.Shape.MaxRank];
            shape.Strides(whole);
            for (int i = 0; i < inputs.Length; gradient = gradient.Plus(sizes[i++] * whole[axis] * 4))
            {
                if (inputs[i] is not { } input)
                    continue;
                var own = shape.With(axis, sizes[i]);
                own.Strides(part);
                var target = input.Target(out bool accumulate);
                if (accumulate)
                    Kernels.AddStrided(gradient, whole, target, part, own);
                else
                    Kernels.CopyStrided(gradient, whole, target, part, own, 4);
            }
        }
    }
}
