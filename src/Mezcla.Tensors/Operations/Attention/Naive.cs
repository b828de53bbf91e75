namespace Mezcla.Tensors;

public static partial class Attention
{
    /// <summary>
    /// Computes the same as <see cref="ScaledDotProduct"/> by composing the operations of the formula, with a matrix of all scores.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes or the options do not fit.</exception>
    public static Tensor Naive(Tensor q, Tensor k, Tensor v, AttentionOptions options = default)
    {
        var (layout, sinks) = Layout(q.Floats(Name), k.Floats(Name), v.Floats(Name), options);
        using var scope = new TensorScope();
        if (options.TimeFirst)
            (q, k, v) = (q.Transpose(1, 2), k.Transpose(1, 2), v.Transpose(1, 2));
        var hidden = Hidden(layout).To(q.Device);
        var scores = q.MatMul(ForEveryHead(k, layout), transposeB: true) * layout.Scale;
        scores = scores.MaskedFill(hidden, float.NegativeInfinity);
        if (sinks is not null)
            scores = Tensor.Concatenate(-1, scores,
                sinks.Reshape(1, layout.Heads, 1, 1).Expand(layout.Batch, layout.Heads, layout.Queries, 1));
        // The softmax of a query that sees no key is NaN, but all its weights are replaced by 0.
        var weights = scores.Softmax().Slice(-1, 0, layout.Keys).MaskedFill(hidden, 0);
        var result = weights.MatMul(ForEveryHead(v, layout));
        return scope.Keep(options.TimeFirst ? result.Transpose(1, 2) : result);
    }

    /// <summary>1 where a query does not see a key [queries, keys].</summary>
    private static Tensor Hidden(in AttentionLayout layout)
    {
        var mask = new int[layout.Queries * layout.Keys];
        for (var i = 0; i < mask.Length; i++)
        {
            int position = layout.QueryOffset + i / layout.Keys, key = i % layout.Keys;
            var late = layout.Causal && key > position;
            var early = layout.Window > 0 && key <= position - layout.Window;
            mask[i] = late || early ? 1 : 0;
        }
        return Tensor.From(mask, layout.Queries, layout.Keys);
    }

    /// <summary>The keys or values that are used, repeated for the heads that share them.</summary>
    private static Tensor ForEveryHead(Tensor x, in AttentionLayout layout)
    {
        int shared = layout.Heads / layout.KeyHeads, size = x.Size(-1);
        return x.Slice(2, 0, layout.Keys).Unsqueeze(2).Expand(layout.Batch, layout.KeyHeads, shared, layout.Keys, size)
            .Reshape(layout.Batch, layout.Heads, layout.Keys, size);
    }
}
