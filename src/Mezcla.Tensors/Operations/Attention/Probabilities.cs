namespace Mezcla.Tensors;

public static partial class Attention
{
    /// <summary>
    /// The attention weights softmax(scale·q·kᵀ + mask) [batch, heads, queries, keys], for inspection: this is slow.
    /// Rows sum to one, minus the share of a sink.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes or the options do not fit.</exception>
    public static Tensor Probabilities(Tensor q, Tensor k, AttentionOptions options = default)
    {
        // The values are one-hot vectors, so the output of a query is its weights of the keys.
        int time = options.TimeFirst ? 1 : 2, head = options.TimeFirst ? 2 : 1, keys = k.Size(time);
        var diagonal = new float[keys * keys];
        for (var i = 0; i < keys; i++)
            diagonal[i * (keys + 1)] = 1;
        var identity = Tensor.From(diagonal, options.TimeFirst ? [1, keys, 1, keys] : [1, 1, keys, keys]).To(q.Device);
        var shape = options.TimeFirst ? new[] { k.Size(0), keys, k.Size(head), keys } : [k.Size(0), k.Size(head), keys, keys];
        var seen = ScaledDotProduct(q, k, identity.Expand(shape), options);
        return options.TimeFirst ? seen.Transpose(1, 2) : seen;
    }
}
