namespace Mezcla.Tensors;

/// <summary>
/// Causal attention as one would write it down (Vaswani et al., arXiv:1706.03762, eq. 1): softmax(q·kᵀ/√size + mask)·v, with a table of all
/// scores. <see cref="Attention.ScaledDotProduct"/> gives the same results at speed, never holds that table, and does much more.
/// </summary>
/// <example><code>
/// var y = PlainAttention.Forward(q, k, v);   // each [batch, heads, time, size]
/// </code></example>
public static class PlainAttention
{
    /// <summary>What each position takes from itself and from those before it.</summary>
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
