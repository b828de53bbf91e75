namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// y = a ∘ b element by element, broadcast: sizes of 1 are repeated and missing leading axes are
    /// added. Also returns the operands as Float32.
    /// </summary>
    private static Tensor Binary(string name, BinaryKind kind, ref Tensor a, ref Tensor b)
    {
        a = a.Floats(name);
        b = b.Floats(name, a.Device);
        var y = Tensor.Empty(name, Shape.Broadcast(name, a.Sizes, b.Sizes), DType.Float32, a.Device);
        Broadcast(kind, a.Handle, a.Sizes, b.Handle, b.Sizes, y.Handle, y.Sizes, y.Kernels, accumulate: false);
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        return Tape.Finish(name, y);
    }

    private static void Broadcast(BinaryKind kind, Handle a, in Shape aShape, Handle b, in Shape bShape, Handle y, in Shape shape,
        DeviceKernels kernels, bool accumulate)
    {
        kernels.Binary(kind, a, aShape.BroadcastStrides(shape), b, bShape.BroadcastStrides(shape), y, shape, accumulate);
    }

    /// <summary>
    /// The node of an operation on two tensors. It passes gradients on, summed over the axes along which an operand was repeated.
    /// </summary>
    private abstract class BinaryNode(string name, Tensor y, Tensor a, Tensor b) : Node(name, y, a.GradNode, b.GradNode)
    {
        protected readonly Shape Shape = y.Sizes, AShape = a.Sizes, BShape = b.Sizes;

        /// <summary>The operand's gradient is factor·dy.</summary>
        protected void PassOn(Node? operand, in Shape own, Handle gradient, float factor)
        {
            if (operand is null)
                return;
            if (own == Shape && factor == 1)
                operand.Receive(gradient);
            else
                SumTo(Device, gradient, Shape, operand.Target(out var accumulate), own, factor, accumulate);
        }

        /// <summary>The operand's gradient is dy ∘ other.</summary>
        protected void PassOn(Node? operand, in Shape own, BinaryKind kind, Handle gradient, Saved other, in Shape otherShape)
        {
            if (operand is null)
                return;
            if (own == Shape)
            {
                Broadcast(kind, gradient, Shape, other.For(this), otherShape, operand.Target(out var add), Shape, Kernels, add);
                return;
            }
            var full = Rent(Count);
            Broadcast(kind, gradient, Shape, other.For(this), otherShape, full, Shape, Kernels, accumulate: false);
            SumTo(Device, full, Shape, operand.Target(out var accumulate), own, 1, accumulate);
            full.Storage!.Release();
        }
    }
}
