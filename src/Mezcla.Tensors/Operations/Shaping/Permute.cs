namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>Two axes exchanged; copies, but for axes of size 1.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Transpose(this Tensor x, int axis0 = -2, int axis1 = -1)
    {
        (axis0, axis1) = (x.Axis("Transpose", axis0), x.Axis("Transpose", axis1));
        Span<int> axes = stackalloc int[x.Rank];
        for (int i = 0; i < axes.Length; i++)
            axes[i] = i == axis0 ? axis1 : i == axis1 ? axis0 : i;
        return Permute("Transpose", x, axes);
    }

    /// <summary>The axes in another order: axis i of the result is axis <paramref name="axes"/>[i] of x. Copies, but where only axes of size 1 move.</summary>
    /// <exception cref="ArgumentException">The axes are not each axis of x once.</exception>
    public static Tensor Permute(this Tensor x, params ReadOnlySpan<int> axes)
    {
        x.Require("Permute");
        Span<int> order = stackalloc int[axes.Length];
        int seen = 0;
        for (int i = 0; i < axes.Length; i++)
            seen |= 1 << (order[i] = x.Axis("Permute", axes[i]));
        if (axes.Length != x.Rank || seen != (1 << x.Rank) - 1)
            throw new ArgumentException($"Permute: {Shape.Text(axes)} does not name each axis of {x.Sizes} once.");
        return Permute("Permute", x, order);
    }

    private static Tensor Permute(string name, Tensor x, ReadOnlySpan<int> axes)
    {
        x.Require(name);
        Span<int> sizes = stackalloc int[axes.Length];
        uint order = 0;
        bool moves = false;
        for (int i = 0, last = -1; i < axes.Length; i++)
        {
            sizes[i] = x.Sizes[axes[i]];
            order |= (uint)axes[i] << (4 * i);
            if (sizes[i] == 1)
                continue;
            moves |= axes[i] < last;
            last = axes[i];
        }
        var shape = new Shape(sizes);
        if (!moves)
            return Alias(name, x, shape);
        var y = Tensor.Empty(name, shape, x.DType, x.Device);
        Span<long> from = stackalloc long[Shape.MaxRank], to = stackalloc long[Shape.MaxRank];
        PermutedStrides(x.Sizes, order, from);
        shape.Strides(to);
        x.Kernels.CopyStrided(x.Handle, from, y.Handle, to, shape, x.DType.Bytes());
        if (Tape.Records(x))
            y.RecordedAs(new PermuteNode(name, y, x, order));
        return Tape.Finish(name, y);
    }

    /// <summary>Strides of x in the order of the axes of the result; four bits of <paramref name="order"/> name each.</summary>
    private static void PermutedStrides(in Shape x, uint order, Span<long> strides)
    {
        Span<long> own = stackalloc long[Shape.MaxRank];
        x.Strides(own);
        for (int i = 0; i < x.Rank; i++)
            strides[i] = own[(int)(order >> (4 * i)) & 15];
    }

    private sealed class PermuteNode(string name, Tensor y, Tensor x, uint order) : Node(name, y, x.GradNode)
    {
        private readonly Shape x = x.Sizes, y = y.Sizes;

        internal override void Backward(Handle gradient)
        {
            Span<long> to = stackalloc long[Shape.MaxRank], from = stackalloc long[Shape.MaxRank];
            PermutedStrides(x, order, to);
            y.Strides(from);
            var dx = Input0!.Target(out bool accumulate);
            if (accumulate)
                Kernels.AddStrided(gradient, from, dx, to, y);
            else
                Kernels.CopyStrided(gradient, from, dx, to, y, 4);
        }
    }
}
