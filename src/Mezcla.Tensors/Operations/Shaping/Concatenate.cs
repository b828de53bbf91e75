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
            if (tensor.Rank != first.Rank || tensor.DType != first.DType || tensor._shape.With(axis, 0) != first._shape.With(axis, 0))
                throw new ArgumentException($"Concatenate along axis {axis}: {tensor.Described} does not fit {first.Described}.");
            size += tensor._shape[axis];
        }
        var y = Empty("Concatenate", new Shape(first._shape.With(axis, checked((int)size)).Span), first.DType, first.Device);
        Span<long> part = stackalloc long[Tensors.Shape.MaxRank], whole = stackalloc long[Tensors.Shape.MaxRank];
        y._shape.Strides(whole);
        var to = y.Handle;
        foreach (var tensor in tensors)
        {
            tensor._shape.Strides(part);
            y.Kernels.CopyStrided(tensor.Handle, part, to, whole, tensor._shape, y.DType.Bytes());
            to = to.Plus(tensor._shape[axis] * whole[axis] * y.DType.Bytes());
        }
        if (Tape.Records(tensors))
            y.RecordedAs(new ConcatenateNode(y, tensors, axis));
        return y;
    }

    private sealed class ConcatenateNode : Node
    {
        private readonly Node?[] _inputs;
        private readonly int[] _sizes;
        private readonly Shape _shape;
        private readonly int _axis;

        internal ConcatenateNode(Tensor y, ReadOnlySpan<Tensor> tensors, int axis) : base("Concatenate", y, null)
        {
            _shape = y._shape;
            _axis = axis;
            _inputs = new Node?[tensors.Length];
            _sizes = new int[tensors.Length];
            for (var i = 0; i < tensors.Length; i++)
            {
                _sizes[i] = tensors[i]._shape[axis];
                _inputs[i] = tensors[i].GradNode;
                _inputs[i]?.AddReference();
            }
        }

        internal override Node?[] MoreInputs => _inputs;

        internal override void Backward(Handle gradient)
        {
            Span<long> part = stackalloc long[Tensors.Shape.MaxRank], whole = stackalloc long[Tensors.Shape.MaxRank];
            _shape.Strides(whole);
            for (var i = 0; i < _inputs.Length; gradient = gradient.Plus(_sizes[i++] * whole[_axis] * 4))
            {
                if (_inputs[i] is not { } input)
                    continue;
                var own = _shape.With(_axis, _sizes[i]);
                own.Strides(part);
                var target = input.Target(out var accumulate);
                if (accumulate)
                    Kernels.AddStrided(gradient, whole, target, part, own);
                else
                    Kernels.CopyStrided(gradient, whole, target, part, own, 4);
            }
        }
    }
}
