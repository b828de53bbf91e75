namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// A copy of x to which each element of a source is added, in order, at the position along one axis that its index gives. dx = dy; the
    /// source's gradient is gathered from dy.
    /// </summary>
    /// <param name="x">The tensor to which the source is added; it is not changed itself.</param>
    /// <param name="axis">The axis along which the index chooses.</param>
    /// <param name="index">Int32, of the shape of x except for the size of the axis.</param>
    /// <param name="source">Of the shape of the index.</param>
    /// <exception cref="ArgumentException">The shapes do not fit, or an index lies outside the axis.</exception>
    public static Tensor ScatterAdd(this Tensor x, int axis, Tensor index, Tensor source)
    {
        x = x.Floats("ScatterAdd");
        source = source.Floats("ScatterAdd", x.Device);
        axis = x.Axis("ScatterAdd", axis);
        CheckIndex("ScatterAdd", x, axis, index.Integers("ScatterAdd", "the index", x.Device));
        if (source.Sizes != index.Sizes)
            throw new ArgumentException($"ScatterAdd: the source {source.Sizes} and the index {index.Sizes} must have the same shape.");
        var (outer, n, inner, _) = SplitAtAxis("ScatterAdd", x, axis, true);
        var y = Tensor.Empty("ScatterAdd", x.Sizes, DType.Float32, x.Device);
        x.Kernels.Copy(x.Handle, y.Handle, x.Count * 4);
        var check = new IndexCheck("ScatterAdd", IndexKind.Index, index.Sizes, n);
        ThrowIfOutside(check, index,
            x.Kernels.ScatterAdd(source.Handle, index.Handle, y.Handle, outer, n, inner, index.Sizes[axis], check));
        return Tape.Finish("ScatterAdd", y, Tape.Records(x, source) ? new ScatterAddNode(y, x, source, index, outer, n, inner) : null);
    }

    private sealed class ScatterAddNode(Tensor y, Tensor x, Tensor source, Tensor index, long outer, long n, long inner)
        : Node("ScatterAdd", y, x.GradNode, source.GradNode)
    {
        private readonly Saved _index = new(index);
        private readonly long _sourceCount = source.Count;

        internal override void Backward(Handle gradient)
        {
            Input0?.Receive(gradient);
            if (Input1 is not { } source)
                return;
            var gathered = Rent(_sourceCount);
            if (_sourceCount > 0)
                Kernels.Gather(gradient, _index.For(this), gathered, outer, n, inner, _sourceCount / (outer * inner), sizeof(float));
            source.Receive(gathered);
            gathered.Storage!.Release();
        }

        protected override void ReleaseSaved() => _index.Release();
    }
}
