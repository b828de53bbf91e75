namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// o = Σ p·v over the keys that a query sees, with p = e^(score - lse), score = scale·q·k and lse = ln Σ e^score (Vaswani et al.,
    /// arXiv:1706.03762). A sink is one more score in the sum, without a value. A query that sees no key gets 0.
    /// </summary>
    public override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
    {
        NumberSpan<float> queries = Floats(q), keys = Floats(k), values = Floats(v), output = Floats(o);
        var shared = layout.Heads / Math.Max(1, layout.KeyHeads);
        for (var row = 0; row < layout.Batch * layout.Heads * layout.Queries; row++)
        {
            var (batch, head, query) = (row / layout.Queries / layout.Heads, row / layout.Queries % layout.Heads, row % layout.Queries);
            var keyHead = head / shared;
            var inQ = RowStart(layout.Q, batch, head, query);
            var (from, to) = Visible(layout, query);
            var scores = new double[Math.Max(0, to - from)];
            for (var key = from; key < to; key++)
                scores[key - from] = layout.Scale * Dot(queries, inQ, keys, RowStart(layout.K, batch, keyHead, key), layout.HeadSize);
            var logSum = LogSumExp(sinks.IsNull ? scores : [.. scores, Floats(sinks)[head]]);
            for (var c = 0; c < layout.ValueSize; c++)
            {
                var sum = 0.0;
                for (var key = from; key < to; key++)
                    sum += Math.Exp(scores[key - from] - logSum) * values[RowStart(layout.V, batch, keyHead, key) + c];
                output[RowStart(layout.O, batch, head, query) + c] = (float)sum;
            }
            Floats(lse)[row] = (float)logSum;
        }
    }

    /// <summary>
    /// With p as above and δ = Σ dO·o: dV = Σ p·dO, dScore = p·(dO·v - δ), dQ = scale·Σ dScore·k, dK = scale·Σ dScore·q, where dK
    /// and dV are sums over all queries of all heads that share the key (Dao et al., arXiv:2205.14135, appendix B.2). The
    /// gradient of a sink is -Σ e^(sink - lse)·δ.
    /// </summary>
    public override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse,
        Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        NumberSpan<float> queries = Floats(q), keys = Floats(k), values = Floats(v), output = Floats(o), gradient = Floats(dO);
        var shared = layout.Heads / Math.Max(1, layout.KeyHeads);
        var forSinks = new double[layout.Heads];
        for (var batch = 0; batch < layout.Batch; batch++)
            for (var keyHead = 0; keyHead < layout.KeyHeads; keyHead++)
            {
                var (forK, forV) = (new double[layout.Keys, layout.HeadSize], new double[layout.Keys, layout.ValueSize]);
                for (var head = keyHead * shared; head < (keyHead + 1) * shared; head++)
                    for (var query = 0; query < layout.Queries; query++)
                    {
                        long inQ = RowStart(layout.Q, batch, head, query), inO = RowStart(layout.O, batch, head, query);
                        double logSum = Floats(lse)[((long)batch * layout.Heads + head) * layout.Queries + query];
                        var delta = Dot(gradient, inO, output, inO, layout.ValueSize);
                        var forQ = new double[1, layout.HeadSize];
                        var (from, to) = Visible(layout, query);
                        for (var key = from; key < to; key++)
                        {
                            long inK = RowStart(layout.K, batch, keyHead, key), inV = RowStart(layout.V, batch, keyHead, key);
                            var p = Math.Exp(layout.Scale * Dot(queries, inQ, keys, inK, layout.HeadSize) - logSum);
                            var slope = layout.Scale * p * (Dot(gradient, inO, values, inV, layout.ValueSize) - delta);
                            for (var c = 0; c < layout.ValueSize; c++)
                                forV[key, c] += p * gradient[inO + c];
                            for (var c = 0; c < layout.HeadSize; c++)
                            {
                                forQ[0, c] += slope * keys[inK + c];
                                forK[key, c] += slope * queries[inQ + c];
                            }
                        }
                        PutRow(forQ, 0, dq, inQ, accumulateQ);
                        if (!dSinks.IsNull)
                            forSinks[head] -= Math.Exp(Floats(sinks)[head] - logSum) * delta;
                    }
                for (var key = 0; key < layout.Keys; key++)
                {
                    PutRow(forK, key, dk, RowStart(layout.K, batch, keyHead, key), accumulateK);
                    PutRow(forV, key, dv, RowStart(layout.V, batch, keyHead, key), accumulateV);
                }
            }
        for (var head = 0; head < layout.Heads && !dSinks.IsNull; head++)
            Put(ref Floats(dSinks)[head], forSinks[head], accumulateSinks);
    }

    /// <summary>The range of keys that a query sees: the first one, and the one after the last.</summary>
    private static (int From, int To) Visible(in AttentionLayout layout, int query)
    {
        var position = layout.QueryOffset + query;
        var from = layout.Window > 0 ? Math.Max(0, position - layout.Window + 1) : 0;
        return (from, layout.Causal ? Math.Min(layout.Keys, position + 1) : layout.Keys);
    }

    /// <summary>The offset at which a row of one head begins.</summary>
    private static long RowStart(in HeadStrides strides, int batch, int head, int row)
        => batch * strides.Batch + head * strides.Head + row * strides.Row;

    private static double Dot(NumberSpan<float> a, long inA, NumberSpan<float> b, long inB, int n) => Dot(a, inA, 1, b, inB, 1, n);

    /// <summary>Writes a row of sums to its result, unless that result is absent.</summary>
    private static void PutRow(double[,] sums, int row, Handle result, long start, bool accumulate)
    {
        for (var c = 0; c < sums.GetLength(1) && !result.IsNull; c++)
            Put(ref Floats(result)[start + c], sums[row, c], accumulate);
    }
}
