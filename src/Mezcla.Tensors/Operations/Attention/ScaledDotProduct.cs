namespace Mezcla.Tensors;

/// <summary>Scaled dot-product attention (Vaswani et al., arXiv:1706.03762).</summary>
public static partial class Attention
{
    private const string Name = "Attention";

    /// <summary>
    /// softmax(scale·q·kᵀ + mask)·v, row by row with an online softmax (Milakov and Gimelshein, arXiv:1805.02867; Dao et al.,
    /// arXiv:2205.14135), so that no [time, time] matrix is stored. If there are fewer key heads than query heads, each is shared by a
    /// group of neighbouring query heads (grouped queries, Ainslie et al., arXiv:2305.13245). With P the probabilities: dV = Pᵀ·dO, dS =
    /// P∘(dO·Vᵀ - rowsum(dO∘O)), dQ = scale·dS·K, dK = scale·dSᵀ·Q.
    /// </summary>
    /// <param name="q">[batch, heads, queries, size].</param>
    /// <param name="k">[batch, keyHeads, keys, size].</param>
    /// <param name="v">[batch, keyHeads, keys, valueSize].</param>
    /// <param name="options">Masks, scale and layout.</param>
    /// <returns>[batch, heads, queries, valueSize]; a query that sees no key gets zeros.</returns>
    /// <exception cref="ArgumentException">The shapes or the options do not fit.</exception>
    public static Tensor ScaledDotProduct(Tensor q, Tensor k, Tensor v, AttentionOptions options = default)
    {
        q = q.Floats(Name);
        k = k.Floats(Name, q.Device);
        v = v.Floats(Name, q.Device);
        var (layout, sinks) = Layout(q, k, v, options);
        var shape = q.Sizes.With(3, layout.ValueSize);
        return Run(q, TensorOperations.WithOwnNode(k, q), TensorOperations.WithOwnNode(v, q, k), sinks, layout, shape, null);
    }

    /// <summary>The offsets, in elements, at which the keys and the values begin when one tensor holds all three.</summary>
    private readonly record struct PackedStarts(long Keys, long Values);

    private static Tensor Run(Tensor q, Tensor k, Tensor v, Tensor? sinks, in AttentionLayout layout, in Shape shape, PackedStarts? packed)
    {
        var o = Tensor.Empty(Name, shape, DType.Float32, q.Device);
        var lse = q.Device.Pool.Rent(4L * layout.Batch * layout.Heads * layout.Queries, Name);
        var starts = packed ?? default;
        q.Kernels.Attention(layout, q.Handle, k.Handle.Plus(starts.Keys * 4), v.Handle.Plus(starts.Values * 4), sinks?.Handle ?? default,
            o.Handle, new Handle(lse, 0));
        if (Tape.Records(q, k, v, sinks))
            return Tape.Finish(Name, o, new AttentionNode(o, q, k, v, sinks, lse, layout, packed));
        lse.Release();
        return Tape.Finish(Name, o);
    }

    private sealed class AttentionNode(Tensor o, Tensor q, Tensor k, Tensor v, Tensor? sinks, Storage lse, AttentionLayout layout,
        PackedStarts? packed)
        : Node(Attention.Name, o, q.GradNode, packed is null ? k.GradNode : null, packed is null ? v.GradNode : null, sinks?.GradNode)
    {
        private readonly Saved _q = new(q), _k = new(k), _v = new(v), _o = new(o), _lse = new(lse);
        private readonly Saved _sinks = sinks is null ? default : new Saved(sinks);
        // Keys beyond KeyLength are not used: their gradient is 0.
        private readonly bool _allKeys = k.Count + v.Count ==
            (long)layout.Batch * layout.KeyHeads * layout.Keys * (layout.HeadSize + layout.ValueSize);

        internal override void Backward(Handle gradient)
        {
            var dSinks = Target(3, out var addSinks);
            Handle dq = Target(0, out var addQ), dk, dv;
            bool addK, addV;
            if (packed is { } starts)
                (dk, dv, addK, addV) = (Part(dq, starts.Keys), Part(dq, starts.Values), addQ, addQ);
            else
                (dk, dv) = (TargetOfKeys(1, out addK), TargetOfKeys(2, out addV));
            var (keys, values) = (Part(_k.For(this), packed?.Keys ?? 0), Part(_v.For(this), packed?.Values ?? 0));
            Kernels.AttentionBackward(layout, _q.For(this), keys, values, _sinks.For(this), _o.For(this), _lse.For(this), gradient,
                dq, addQ, dk, addK, dv, addV, dSinks, addSinks);
        }

        private Handle TargetOfKeys(int input, out bool accumulate)
        {
            if (_allKeys || Inputs[input] is not { } node)
                return Target(input, out accumulate);
            accumulate = true;
            return TargetToAddTo(node);
        }

        private static Handle Part(Handle whole, long start) => whole.IsNull ? whole : whole.Plus(start * 4);

        protected override void ReleaseSaved() => Release(_q, _k, _v, _o, _lse, _sinks);
    }
}
