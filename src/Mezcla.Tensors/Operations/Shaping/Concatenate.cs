namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>Joins tensors along an axis, one after the other. Each gets its part of the gradient.</summary>
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
            if (tensor.Rank != first.Rank || tensor.DType != first.DType || tensor._shape.With(axis, 0) != first._shape.With(axis, 0))
                throw new ArgumentException($"Concatenate along axis {axis}: {tensor.Described} does not fit {first.Described}.");
            size += tensor._shape[axis];
        }
        var y = Empty("Concatenate", new Shape(first._shape.With(axis, checked((int)size)).Span), first.DType, first.Device);
        var whole = y._shape.Strides();
        var to = y.Handle;
        foreach (var tensor in tensors)
        {
            y.Kernels.CopyStrided(tensor.Handle, tensor._shape.Strides(), to, whole, tensor._shape, y.DType.Bytes());
            to = to.Plus(tensor._shape[axis] * whole[axis] * y.DType.Bytes());
        }
        return Tape.Records(tensors) ? y.RecordedAs(new ConcatenateNode(y, tensors, axis)) : y;
    }

    private sealed class ConcatenateNode(Tensor y, ReadOnlySpan<Tensor> tensors, int axis) : Node("Concatenate", y, NodesOf(tensors))
    {
        private readonly int[] _sizes = SizesOf(tensors, axis);
        private readonly Shape _shape = y._shape;

        internal override void Backward(Handle gradient)
        {
            var whole = _shape.Strides();
            for (var i = 0; i < _sizes.Length; i++)
            {
                var own = _shape.With(axis, _sizes[i]);
                if (Inputs[i] is { } input)
                    Scatter(gradient, whole, input, own.Strides(), own);
                gradient = gradient.Plus(_sizes[i] * whole[axis] * sizeof(float));
            }
        }

        private static Node?[] NodesOf(ReadOnlySpan<Tensor> tensors)
        {
            var nodes = new Node?[tensors.Length];
            for (var i = 0; i < nodes.Length; i++)
                nodes[i] = tensors[i].GradNode;
            return nodes;
        }

        private static int[] SizesOf(ReadOnlySpan<Tensor> tensors, int axis)
        {
            var sizes = new int[tensors.Length];
            for (var i = 0; i < sizes.Length; i++)
                sizes[i] = tensors[i]._shape[axis];
            return sizes;
        }
    }
}
