namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The matrix product over the last two axes: [..., m, k] · [..., k, n] = [..., m, n]. Each operand can be transposed first; leading
    /// axes broadcast. With C = A·B: dA = dC·Bᵀ and dB = Aᵀ·dC, summed over the axes along which the operand was repeated.
    /// </summary>
    /// <exception cref="ArgumentException">An operand has fewer than two axes, the inner sizes differ, or the
    /// leading axes do not broadcast.</exception>
    public static Tensor MatMul(this Tensor a, Tensor b, bool transposeA = false, bool transposeB = false)
    {
        a = a.Floats("MatMul");
        b = b.Floats("MatMul", a.Device);
        if (a.Rank < 2 || b.Rank < 2)
            throw new ArgumentException(
                $"MatMul: {a.Sizes} x {b.Sizes}: both need at least two axes (Unsqueeze makes a vector a row or a column).");
        int m = a.Size(transposeA ? -1 : -2), k = a.Size(transposeA ? -2 : -1);
        int n = b.Size(transposeB ? -2 : -1), other = b.Size(transposeB ? -1 : -2);
        if (k != other)
            throw new ArgumentException(
                $"MatMul: {a.Sizes}{(transposeA ? "ᵀ" : "")} x {b.Sizes}{(transposeB ? "ᵀ" : "")}: the inner sizes {k} and {other} " +
                    "differ.");
        Shape aBatch = new(a.Shape[..^2]), bBatch = new(b.Shape[..^2]), batch;
        try
        {
            batch = Shape.Broadcast("MatMul", aBatch, bBatch);
        }
        catch (ArgumentException)
        {
            throw new ArgumentException($"MatMul: {a.Sizes} x {b.Sizes}: the leading axes {aBatch} and {bBatch} do not broadcast.");
        }
        var y = Tensor.Empty("MatMul", batch.Insert(batch.Rank, m).Insert(batch.Rank + 1, n), DType.Float32, a.Device);
        // Many matrices times one matrix are the same as one tall matrix times that matrix.
        if (bBatch.Count == 1 && !transposeA && batch.Count * m <= int.MaxValue)
        {
            m = (int)(batch.Count * m);
            batch = aBatch = bBatch = new Shape();
        }
        var sizes = new MatMulSizes(batch, m, n, k, transposeA, transposeB);
        Products(a.Kernels, batch, a.Handle, aBatch, transposeA, b.Handle, bBatch, transposeB, y.Handle, batch, m, n, k, accumulate: false);
        return Tape.Finish("MatMul", y, Tape.Records(a, b) ? new MatMulNode(y, a, b, aBatch, bBatch, sizes) : null);
    }

    private readonly record struct MatMulSizes(Shape Batch, int M, int N, int K, bool TransposeA, bool TransposeB);

    /// <summary>
    /// C = op(A)·op(B) for every index of the leading axes <paramref name="all"/>; each operand has leading axes of its own. The longest
    /// run of trailing axes along which every operand either always advances or never does is one call of the kernel; a loop covers the
    /// axes before it. If C does not advance while others do, the products are summed.
    /// </summary>
    private static void Products(DeviceKernels kernels, in Shape all, Handle a, in Shape aBatch, bool transposeA, Handle b, in Shape bBatch,
        bool transposeB,
        Handle c, in Shape cBatch, int m, int n, int k, bool accumulate)
    {
        long aSize = (long)m * k, bSize = (long)k * n, cSize = (long)m * n;
        if (cBatch.Count != all.Count && !accumulate)
        {
            kernels.Fill(c, cBatch.Count * cSize, 0);
            accumulate = true;
        }
        if (all.Count == 0)
            return;
        AxisStrides aSteps = aBatch.BroadcastStrides(all), bSteps = bBatch.BroadcastStrides(all), cSteps = cBatch.BroadcastStrides(all);
        var from = Math.Max(Regular(all, aSteps), Math.Max(Regular(all, bSteps), Regular(all, cSteps)));
        var product = new Product(checked((int)all.Product(from, all.Rank)), m, n, k, transposeA, transposeB,
            Advances(all, aSteps, from) ? aSize : 0, Advances(all, bSteps, from) ? bSize : 0, Advances(all, cSteps, from) ? cSize : 0);
        var outer = all.Product(0, from);
        for (long i = 0; i < outer; i++)
        {
            long rest = i, aAt = 0, bAt = 0, cAt = 0;
            for (var axis = from - 1; axis >= 0; axis--)
            {
                var at = rest % all[axis];
                rest /= all[axis];
                aAt += at * aSteps[axis];
                bAt += at * bSteps[axis];
                cAt += at * cSteps[axis];
            }
            kernels.MatMul(product, a.Plus(aAt * aSize * 4), b.Plus(bAt * bSize * 4), default, c.Plus(cAt * cSize * 4), accumulate);
        }

        // The first axis from which the operand advances either along every axis longer than 1, or along none.
        static int Regular(in Shape all, ReadOnlySpan<long> steps)
        {
            bool? advances = null;
            for (var axis = all.Rank - 1; axis >= 0; axis--)
            {
                if (all[axis] == 1)
                    continue;
                if (advances is { } before && before != (steps[axis] != 0))
                    return axis + 1;
                advances = steps[axis] != 0;
            }
            return 0;
        }

        static bool Advances(in Shape all, ReadOnlySpan<long> steps, int from) => steps[from..all.Rank].ContainsAnyExcept(0);
    }

    private sealed class MatMulNode(Tensor y, Tensor a, Tensor b, Shape aBatch, Shape bBatch, MatMulSizes sizes)
        : Node("MatMul", y, a.GradNode, b.GradNode)
    {
        private readonly Saved _a = b.RequiresGrad ? new Saved(a) : default, _b = a.RequiresGrad ? new Saved(b) : default;

        internal override void Backward(Handle gradient)
        {
            var (all, m, n, k, transposeA, transposeB) = sizes;
            if (Input0 is { } left)
            {
                var target = left.Target(out var add);
                if (transposeA)
                    Products(Kernels, all, _b.For(this), bBatch, transposeB, gradient, all, true, target, aBatch, k, m, n, add);
                else
                    Products(Kernels, all, gradient, all, false, _b.For(this), bBatch, !transposeB, target, aBatch, m, k, n, add);
            }
            if (Input1 is { } right)
            {
                var target = right.Target(out var add);
                if (transposeB)
                    Products(Kernels, all, gradient, all, true, _a.For(this), aBatch, transposeA, target, bBatch, n, k, m, add);
                else
                    Products(Kernels, all, _a.For(this), aBatch, !transposeA, gradient, all, false, target, bBatch, k, n, m, add);
            }
        }

        protected override void ReleaseSaved() => Release(_a, _b);
    }
}
