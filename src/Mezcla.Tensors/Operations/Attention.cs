using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

/// <summary>The mask, scale and layout of attention.</summary>
public readonly record struct AttentionOptions()
{
    /// <summary>Whether a query sees only keys at or before its own position.</summary>
    public bool Causal { get; init; }

    /// <summary>A query at position p sees only keys after p - window (Beltagy et al., arXiv:2004.05150); null for all.</summary>
    public int? Window { get; init; }

    /// <summary>The factor of the scores; null for 1/√headSize.</summary>
    public float? Scale { get; init; }

    /// <summary>One logit for each head [heads] that takes part in the softmax but has no value, so that a head can attend to nothing (gpt-oss).</summary>
    public Tensor? Sinks { get; init; }

    /// <summary>The position of the first query, where key 0 has position 0; null where the last query stands at the last key.</summary>
    public int? QueryOffset { get; init; }

    /// <summary>How many keys count, from the first on, where a cache is not full; null for all.</summary>
    public int? KeyLength { get; init; }

    /// <summary>Whether the axes are [batch, time, heads, size] instead of [batch, heads, time, size]; also of the result.</summary>
    public bool TimeFirst { get; init; }
}

/// <summary>Scaled dot-product attention (Vaswani et al., arXiv:1706.03762).</summary>
public static class Attention
{
    private const string Name = "Attention";

    /// <summary>
    /// softmax(scale·q·kᵀ + mask)·v, row by row with an online softmax (Milakov and Gimelshein, arXiv:1805.02867; Dao et al.,
    /// arXiv:2205.14135), so that no [time, time] matrix exists. Fewer key heads than query heads are shared in turn (grouped queries, Ainslie et
    /// al., arXiv:2305.13245). With P the probabilities: dV = Pᵀ·dO, dS = P∘(dO·Vᵀ - rowsum(dO∘O)), dQ = scale·dS·K, dK = scale·dSᵀ·Q.
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
        return Run(q, k, v, sinks, layout, shape, 0, 0, k.Sizes[options.TimeFirst ? 1 : 2]);
    }

    /// <summary>
    /// The same from one projection, without cutting it up: each row of <paramref name="qkv"/> [batch, time, (heads + 2·keyHeads)·size] holds the
    /// queries of all heads, then the keys, then the values. Result [batch, time, heads·size], ready for the output projection.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes or the options do not fit.</exception>
    public static Tensor Packed(Tensor qkv, int heads, int keyHeads, AttentionOptions options = default)
    {
        qkv = qkv.Floats(Name);
        if (heads <= 0 || keyHeads <= 0 || heads % keyHeads != 0 || qkv.Rank != 3 || qkv.Sizes[2] % (heads + 2 * keyHeads) != 0)
            throw new ArgumentException($"{Name}: {qkv.Sizes} must be [batch, time, ({heads} + 2·{keyHeads})·size], and {keyHeads} key heads must divide {heads} heads.");
        int batch = qkv.Sizes[0], time = qkv.Sizes[1], width = qkv.Sizes[2], size = width / (heads + 2 * keyHeads);
        var packed = new HeadStrides((long)time * width, size, width);
        var layout = Options(new AttentionLayout(batch, heads, keyHeads, time, time, size, size, 0, false, 0, 0,
            packed, packed, packed, new HeadStrides((long)time * heads * size, size, (long)heads * size)), options, out var sinks, qkv);
        return Run(qkv, qkv, qkv, sinks, layout, new Shape(batch, time, heads * size), (long)heads * size, (long)(heads + keyHeads) * size, time);
    }

    /// <summary>The same as <see cref="ScaledDotProduct"/>, composed of the operations one would write down: with a matrix of all scores.</summary>
    /// <exception cref="ArgumentException">The shapes or the options do not fit.</exception>
    public static Tensor Naive(Tensor q, Tensor k, Tensor v, AttentionOptions options = default)
    {
        var (layout, sinks) = Layout(q.Floats(Name), k.Floats(Name), v.Floats(Name), options);
        using var scope = new TensorScope();
        if (options.TimeFirst)
            (q, k, v) = (q.Transpose(1, 2), k.Transpose(1, 2), v.Transpose(1, 2));
        int repeat = layout.Heads / layout.KeyHeads;
        (k, v) = (Repeat(k), Repeat(v));
        var scores = q.MatMul(k, transposeB: true) * layout.Scale;
        var mask = new int[layout.Queries * layout.Keys];
        var blind = new int[layout.Queries];
        for (int i = 0; i < layout.Queries; i++)
        {
            int position = layout.QueryOffset + i, seen = 0;
            for (int j = 0; j < layout.Keys; j++)
                if ((layout.Causal && j > position) || (layout.Window > 0 && j <= position - layout.Window))
                    mask[i * layout.Keys + j] = 1;
                else
                    seen++;
            blind[i] = seen == 0 ? 1 : 0;
        }
        var hidden = Tensor.From(mask, layout.Queries, layout.Keys).To(q.Device);
        scores = scores.MaskedFill(hidden, float.NegativeInfinity);
        if (sinks is not null)
            scores = Tensor.Concatenate(-1, scores, sinks.Reshape(1, layout.Heads, 1, 1).Expand(layout.Batch, layout.Heads, layout.Queries, 1));
        else if (blind.Contains(1))
            scores = scores.MaskedFill(Tensor.From(blind, layout.Queries, 1).To(q.Device), 0);
        var weights = scores.Softmax().Slice(-1, 0, layout.Keys).MaskedFill(hidden, 0);
        var result = weights.MatMul(v);
        return scope.Keep(options.TimeFirst ? result.Transpose(1, 2) : result);

        Tensor Repeat(Tensor x)
        {
            if (layout.Keys != x.Sizes[2])
                x = x.Slice(2, 0, layout.Keys);
            return repeat == 1 ? x : x.Unsqueeze(2).Expand(layout.Batch, layout.KeyHeads, repeat, layout.Keys, x.Size(-1)).Reshape(layout.Batch, layout.Heads, layout.Keys, x.Size(-1));
        }
    }

    /// <summary>The attention weights softmax(scale·q·kᵀ + mask) [batch, heads, queries, keys], to be looked at: this is slow. Rows sum to one, less the share of a sink.</summary>
    /// <exception cref="ArgumentException">The shapes or the options do not fit.</exception>
    public static Tensor Probabilities(Tensor q, Tensor k, AttentionOptions options = default)
    {
        // The values are one-hot: what comes out for a query is how much it took of each key.
        int time = options.TimeFirst ? 1 : 2, head = options.TimeFirst ? 2 : 1, keys = k.Size(time);
        var identity = Tensor.Arange(keys).To(DType.Int32).OneHot(keys).Reshape(options.TimeFirst ? [1, keys, 1, keys] : [1, 1, keys, keys]).To(q.Device);
        var shape = options.TimeFirst ? new[] { k.Size(0), keys, k.Size(head), keys } : [k.Size(0), k.Size(head), keys, keys];
        var seen = ScaledDotProduct(q, k, identity.Expand(shape), options);
        return options.TimeFirst ? seen.Transpose(1, 2) : seen;
    }

    private static (AttentionLayout, Tensor?) Layout(Tensor q, Tensor k, Tensor v, in AttentionOptions options)
    {
        int head = options.TimeFirst ? 2 : 1, time = options.TimeFirst ? 1 : 2;
        bool fits = q.Rank == 4 && k.Rank == 4 && v.Rank == 4 && k.Sizes[0] == q.Sizes[0] && v.Sizes.With(3, 0) == k.Sizes.With(3, 0)
            && q.Sizes[3] == k.Sizes[3] && (k.Sizes[head] == q.Sizes[head] || (k.Sizes[head] > 0 && q.Sizes[head] % k.Sizes[head] == 0));
        if (!fits)
            throw new ArgumentException($"{Name}: queries {q.Sizes}, keys {k.Sizes} and values {v.Sizes} must be "
                + (options.TimeFirst ? "[batch, time, heads, size]" : "[batch, heads, time, size]") + ", with key heads that divide the heads and one batch.");
        var layout = new AttentionLayout(q.Sizes[0], q.Sizes[head], k.Sizes[head], q.Sizes[time], k.Sizes[time], q.Sizes[3], v.Sizes[3], 0, false, 0, 0,
            Strides(q.Sizes), Strides(k.Sizes), Strides(v.Sizes), Strides(q.Sizes.With(3, v.Sizes[3])));
        return (Options(layout, options, out var sinks, q), sinks);

        HeadStrides Strides(in Shape shape) => new(shape.Product(1, 4), head == 1 ? shape.Product(2, 4) : shape[3], head == 1 ? shape[3] : shape.Product(2, 4));
    }

    private static AttentionLayout Options(in AttentionLayout layout, in AttentionOptions options, out Tensor? sinks, Tensor q)
    {
        int keys = options.KeyLength ?? layout.Keys, offset = options.QueryOffset ?? keys - layout.Queries;
        if (keys < 0 || keys > layout.Keys)
            throw new ArgumentException($"{Name}: KeyLength is {keys}, but there are {layout.Keys} keys.");
        if (options.Window is <= 0)
            throw new ArgumentException($"{Name}: Window must be positive, not {options.Window}.");
        sinks = options.Sinks?.Floats(Name, q.Device);
        if (sinks is not null && (sinks.Rank != 1 || sinks.Count != layout.Heads))
            throw new ArgumentException($"{Name}: Sinks {sinks.Sizes} must be one number for each of {layout.Heads} heads.");
        return layout with
        {
            Keys = keys,
            QueryOffset = offset,
            Causal = options.Causal,
            Window = options.Window ?? 0,
            Scale = options.Scale ?? 1 / MathF.Sqrt(Math.Max(layout.HeadSize, 1)),
        };
    }

    // Keys and values begin so many elements into their tensors: more than 0 where all three are one.
    private static Tensor Run(Tensor q, Tensor k, Tensor v, Tensor? sinks, in AttentionLayout layout, in Shape shape, long kStart, long vStart, int keyCount)
    {
        if (kStart == 0)
            (k, v) = (TensorOperations.WithOwnNode(k, q), TensorOperations.WithOwnNode(v, q, k));
        var o = Tensor.Empty(Name, shape, DType.Float32, q.Device);
        var lse = q.Device.Pool.Rent(4L * layout.Batch * layout.Heads * layout.Queries, Name);
        q.Kernels.Attention(layout, q.Handle, k.Handle.Plus(kStart * 4), v.Handle.Plus(vStart * 4), sinks?.Handle ?? default, o.Handle, new Handle(lse, 0));
        if (Tape.Records(q, k, v) || (sinks is not null && Tape.Records(sinks)))
            o.RecordedAs(new AttentionNode(o, q, k, v, sinks, lse, layout, kStart, vStart, keyCount));
        else
            lse.Release();
        return Tape.Finish(Name, o);
    }

    private sealed class AttentionNode : Node
    {
        private readonly Saved q, k, v, o, lse, sinks;
        private readonly AttentionLayout layout;
        private readonly long kStart, vStart;
        private readonly bool partial;
        private readonly Node?[]? sinkInput;

        internal AttentionNode(Tensor o, Tensor q, Tensor k, Tensor v, Tensor? sinks, Storage lse, in AttentionLayout layout, long kStart, long vStart, int keyCount)
            : base("Attention", o, q.GradNode, kStart > 0 ? null : k.GradNode, kStart > 0 ? null : v.GradNode)
        {
            (this.q, this.o, this.lse) = (new Saved(q), new Saved(o), new Saved(lse));
            if (kStart == 0)
                (this.k, this.v) = (new Saved(k), new Saved(v));
            if (sinks is not null)
            {
                this.sinks = new Saved(sinks);
                sinkInput = [sinks.GradNode];
                sinkInput[0]?.AddReference();
            }
            (this.layout, this.kStart, this.vStart) = (layout, kStart, vStart);
            partial = keyCount != layout.Keys;
        }

        internal override Node?[]? MoreInputs => sinkInput;

        internal override void Backward(Handle gradient)
        {
            bool addQ = false, addK = false, addV = false, addSinks = false;
            Handle dSinks = sinkInput?[0]?.Target(out addSinks) ?? default, dq = Take(Input0, out addQ), dk, dv;
            if (kStart > 0)
            {
                // Packed: the three gradients are parts of one.
                (dk, dv, addK, addV) = (Part(dq, kStart), Part(dq, vStart), addQ, addQ);
            }
            else
                (dk, dv) = (Take(Input1, out addK), Take(Input2, out addV));
            var keys = kStart > 0 ? q.For(this).Plus(kStart * 4) : k.For(this);
            var values = kStart > 0 ? q.For(this).Plus(vStart * 4) : v.For(this);
            Kernels.AttentionBackward(layout, q.For(this), keys, values, sinks.For(this), o.For(this), lse.For(this), gradient,
                dq, addQ, dk, addK, dv, addV, dSinks, addSinks);
        }

        // Keys beyond KeyLength take no part: their gradient is 0.
        private Handle Take(Node? input, out bool accumulate)
        {
            accumulate = false;
            if (input is null)
                return default;
            var target = input.Target(out accumulate);
            if (partial && !accumulate)
                Kernels.Fill(target, input.Count, 0);
            accumulate |= partial;
            return target;
        }

        private static Handle Part(Handle whole, long start) => whole.IsNull ? whole : whole.Plus(start * 4);

        protected override void ReleaseSaved() => Release(q, k, v, o, lse, sinks);
    }
}
