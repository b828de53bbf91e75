using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>a + b, broadcast: sizes of 1 are repeated and missing leading axes added. da = dy, db = dy, summed over what was repeated.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator +(Tensor a, Tensor b) => TensorOperations.Binary("Add", BinaryKind.Add, a, b);

    /// <summary>a - b, broadcast. da = dy, db = -dy.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator -(Tensor a, Tensor b) => TensorOperations.Binary("Subtract", BinaryKind.Subtract, a, b);

    /// <summary>a · b element by element, broadcast. da = dy·b, db = dy·a.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator *(Tensor a, Tensor b) => TensorOperations.Binary("Multiply", BinaryKind.Multiply, a, b);

    /// <summary>a / b, broadcast. da = dy/b, db = -dy·a/b².</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor operator /(Tensor a, Tensor b) => TensorOperations.Binary("Divide", BinaryKind.Divide, a, b);

    /// <summary>-a; derivative -1.</summary>
    public static Tensor operator -(Tensor a) => TensorOperations.Unary("Negate", UnaryKind.Affine, a, -1, 0);

    /// <summary>a + b for each element; derivative 1.</summary>
    public static Tensor operator +(Tensor a, float b) => TensorOperations.Unary("Add", UnaryKind.Affine, a, 1, b);

    /// <summary>a + b for each element; derivative 1.</summary>
    public static Tensor operator +(float a, Tensor b) => b + a;

    /// <summary>a - b for each element; derivative 1.</summary>
    public static Tensor operator -(Tensor a, float b) => TensorOperations.Unary("Subtract", UnaryKind.Affine, a, 1, -b);

    /// <summary>a - b for each element; derivative -1.</summary>
    public static Tensor operator -(float a, Tensor b) => TensorOperations.Unary("Subtract", UnaryKind.Affine, b, -1, a);

    /// <summary>a · b for each element; derivative b.</summary>
    public static Tensor operator *(Tensor a, float b) => TensorOperations.Unary("Multiply", UnaryKind.Affine, a, b, 0);

    /// <summary>a · b for each element; derivative a.</summary>
    public static Tensor operator *(float a, Tensor b) => b * a;

    /// <summary>a / b for each element; derivative 1/b.</summary>
    public static Tensor operator /(Tensor a, float b) => TensorOperations.Unary("Divide", UnaryKind.Affine, a, 1 / b, 0);

    /// <summary>a / b for each element; derivative -a/b².</summary>
    public static Tensor operator /(float a, Tensor b) => TensorOperations.Unary("Divide", UnaryKind.Reciprocal, b, a);
}

public static partial class TensorOperations
{
    /// <summary>1 where a &gt; b, else 0, broadcast: a mask. No gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Greater(this Tensor a, Tensor b) => Binary("Greater", BinaryKind.Greater, a, b);

    /// <summary>1 where a &lt; b, else 0, broadcast: a mask. No gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Less(this Tensor a, Tensor b) => Binary("Less", BinaryKind.Less, a, b);

    /// <summary>1 where a = b, else 0, broadcast: a mask. No gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Equal(this Tensor a, Tensor b) => Binary("Equal", BinaryKind.Equal, a, b);

    internal static Tensor Binary(string name, BinaryKind kind, Tensor a, Tensor b)
    {
        a = a.Floats(name);
        b = b.Floats(name, a.Device);
        var y = Tensor.Empty(name, Mezcla.Tensors.Shape.Broadcast(name, a.Sizes, b.Sizes), DType.Float32, a.Device);
        Broadcast(kind, a.Handle, a.Sizes, b.Handle, b.Sizes, y.Handle, y.Sizes, y.Kernels, accumulate: false);
        if (Tape.Records(a, b) && kind < BinaryKind.Greater)
            y.RecordedAs(new BinaryNode(name, y, kind, a, b));
        return Tape.Finish(name, y);
    }

    private static void Broadcast(BinaryKind kind, Handle a, in Shape aShape, Handle b, in Shape bShape, Handle y, in Shape shape, DeviceKernels kernels, bool accumulate)
    {
        Span<long> aStrides = stackalloc long[Shape.MaxRank], bStrides = stackalloc long[Shape.MaxRank];
        aShape.BroadcastStrides(shape, aStrides);
        bShape.BroadcastStrides(shape, bStrides);
        kernels.Binary(kind, a, aStrides, b, bStrides, y, shape, accumulate);
    }

    private sealed class BinaryNode(string name, Tensor y, BinaryKind kind, Tensor a, Tensor b) : Node(name, y, a.GradNode, b.GradNode)
    {
        private readonly Shape shape = y.Sizes, aShape = a.Sizes, bShape = b.Sizes;
        private readonly Saved a = kind >= BinaryKind.Multiply && b.RequiresGrad ? new Saved(a) : default;
        private readonly Saved b = kind >= BinaryKind.Divide || (kind == BinaryKind.Multiply && a.RequiresGrad) ? new Saved(b) : default;

        internal override void Backward(Handle gradient)
        {
            if (Input0 is { } left)
                Send(left, aShape, gradient, first: true);
            if (Input1 is { } right)
                Send(right, bShape, gradient, first: false);
        }

        // The gradient of one operand: dy itself or a product with it, then summed over the axes along which the operand was repeated.
        private void Send(Node input, in Shape own, Handle gradient, bool first)
        {
            if (kind == BinaryKind.Add || (kind == BinaryKind.Subtract && first))
            {
                if (own == shape)
                    input.Receive(gradient);
                else
                    SumTo(Device, gradient, shape, input.Target(out bool add), own, 1, add);
                return;
            }
            if (kind == BinaryKind.Subtract)
            {
                SumTo(Device, gradient, shape, input.Target(out bool add), own, -1, add);
                return;
            }
            var work = new Scratch(Device);
            if (own == shape)
                Local(gradient, input.Target(out bool accumulate), accumulate, first, ref work);
            else
            {
                var full = work.Rent(Count);
                Local(gradient, full, false, first, ref work);
                SumTo(Device, full, shape, input.Target(out bool add), own, 1, add);
            }
            work.Dispose();
        }

        private void Local(Handle gradient, Handle target, bool accumulate, bool first, ref Scratch work)
        {
            switch (kind)
            {
                case BinaryKind.Multiply:
                    Broadcast(kind, gradient, shape, first ? b.For(this) : a.For(this), first ? bShape : aShape, target, shape, Kernels, accumulate);
                    break;
                case BinaryKind.Divide when first:
                    Broadcast(kind, gradient, shape, b.For(this), bShape, target, shape, Kernels, accumulate);
                    break;
                default:
                    var quotient = work.Rent(Count);
                    Broadcast(kind, gradient, shape, b.For(this), bShape, quotient, shape, Kernels, false);
                    Broadcast(kind, quotient, shape, b.For(this), bShape, quotient, shape, Kernels, false);
                    Kernels.Scale(quotient, quotient, Count, -1, false);
                    Broadcast(BinaryKind.Multiply, quotient, shape, a.For(this), aShape, target, shape, Kernels, accumulate);
                    break;
            }
        }

        protected override void ReleaseSaved() => Release(a, b);
    }
}
