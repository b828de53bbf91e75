namespace Mezcla.Tensors;

/// <summary>
/// Causal attention, written as in the formula (Vaswani et al., arXiv:1706.03762, eq. 1): softmax(q·kᵀ/√size + mask)·v, with a table of all
/// scores. <see cref="Attention.ScaledDotProduct"/> gives the same results faster, never stores that table, and has more options.
/// </summary>
/// <example><code>
/// var y = PlainAttention.Forward(q, k, v);   // each [batch, heads, time, size]
/// </code></example>
public static class PlainAttention
{
    /// <summary>The mean of the values of each position and of those before it, weighted by attention.</summary>
    /// <param name="q">The queries [..., time, size]: what a position looks for.</param>
    /// <param name="k">The keys [..., time, size]: what a position can be found by.</param>
    /// <param name="v">The values [..., time, valueSize]: what a position gives.</param>
    /// <returns>[..., time, valueSize].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Forward(Tensor q, Tensor k, Tensor v)
    {
        int time = q.Size(-2), size = q.Size(-1);
        // 1 above the diagonal, where a key comes after the query.
        var future = 1 - Tensor.Ones(time, time).To(q.Device).Tril();
        var scores = q.MatMul(k, transposeB: true) / MathF.Sqrt(size);
        var weights = scores.MaskedFill(future, float.NegativeInfinity).Softmax();
        return weights.MatMul(v);
    }
}
