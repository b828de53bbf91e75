using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Tensors.Tests.Cpu;

[Collection(KernelCollection.Name)]
public sealed unsafe class AttentionKernelTests
{
    public static TheoryData<int, int, int, int, int, int, int, bool, int, int, bool, bool> Cases() => new()
    {
        // batch, heads, key heads, queries, keys, head size, value size, causal, window, offset, sinks, heads before time
        { 1, 1, 1, 1, 1, 1, 1, false, 0, 0, false, true },
        { 2, 4, 2, 7, 7, 5, 3, true, 0, 0, false, true },
        { 1, 4, 1, 33, 33, 8, 8, true, 5, 0, false, false },
        { 2, 3, 3, 70, 70, 32, 32, true, 0, 0, false, false },
        { 1, 2, 1, 3, 40, 16, 20, true, 0, 37, false, true },
        { 1, 2, 2, 2, 300, 64, 64, true, 100, 298, true, true },
        { 1, 2, 1, 65, 600, 17, 40, true, 0, 535, true, false },
        { 1, 1, 1, 40, 530, 12, 12, false, 0, 0, false, false },
        { 1, 2, 2, 40, 300, 9, 6, true, 3, 270, false, true },
        { 1, 1, 1, 9, 5, 4, 4, true, 0, -4, false, true },
        { 0, 2, 1, 4, 4, 4, 4, true, 0, 0, false, true },
        { 1, 2, 1, 4, 0, 4, 4, false, 0, 0, false, true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_and_its_gradients_equal_plain_loops_in_float64(int batch, int heads, int keyHeads, int queries, int keys, int size, int valueSize,
        bool causal, int window, int offset, bool withSinks, bool headsFirst)
    {
        HeadStrides Strides(int count, int rows, int width) => headsFirst ? new((long)count * rows * width, rows * width, width) : new((long)count * rows * width, width, count * width);
        var layout = new AttentionLayout(batch, heads, keyHeads, queries, keys, size, valueSize, 0.7f / MathF.Sqrt(size), causal, window, offset,
            Strides(heads, queries, size), Strides(keyHeads, keys, size), Strides(keyHeads, keys, valueSize), Strides(heads, queries, valueSize));
        var q = KernelTest.Random(batch * heads * queries * size, 1, -2, 2);
        var k = KernelTest.Random(batch * keyHeads * keys * size, 2, -2, 2);
        var v = KernelTest.Random(batch * keyHeads * keys * valueSize, 3);
        var g = KernelTest.Random(batch * heads * queries * valueSize, 4);
        var sinks = KernelTest.Random(heads, 5);

        double[] o = new double[g.Length], lse = new double[batch * heads * queries];
        double[] dq = new double[q.Length], dk = new double[k.Length], dv = new double[v.Length], dSinks = new double[heads];
        for (var row = 0; row < lse.Length; row++)
        {
            var (b, h, t) = (row / heads / queries, row / queries % heads, row % queries);
            var position = offset + t;
            bool Sees(int s) => (!causal || s <= position) && (window == 0 || s > position - window);
            int At(in HeadStrides strides, int head, int i) => (int)(b * strides.Batch + head * strides.Head + i * strides.Row);
            var keyHead = h / (heads / keyHeads);
            var scores = Enumerable.Range(0, keys).Select(s => !Sees(s) ? double.NegativeInfinity
                : layout.Scale * Enumerable.Range(0, size).Sum(i => (double)q[At(layout.Q, h, t) + i] * k[At(layout.K, keyHead, s) + i])).ToArray();
            var total = scores.Sum(Math.Exp) + (withSinks ? Math.Exp(sinks[h]) : 0);
            lse[row] = Math.Log(total);
            var along = 0.0;
            for (var i = 0; i < valueSize; i++)
            {
                for (var s = 0; s < keys && total > 0; s++) o[At(layout.O, h, t) + i] += Math.Exp(scores[s]) / total * v[At(layout.V, keyHead, s) + i];
                along += o[At(layout.O, h, t) + i] * g[At(layout.O, h, t) + i];
            }
            for (var s = 0; s < keys; s++)
            {
                if (!Sees(s)) continue;
                var p = Math.Exp(scores[s]) / total;
                var dp = Enumerable.Range(0, valueSize).Sum(i => (double)g[At(layout.O, h, t) + i] * v[At(layout.V, keyHead, s) + i]);
                var ds = layout.Scale * p * (dp - along);
                for (var i = 0; i < valueSize; i++) dv[At(layout.V, keyHead, s) + i] += p * g[At(layout.O, h, t) + i];
                for (var i = 0; i < size; i++)
                {
                    dq[At(layout.Q, h, t) + i] += ds * k[At(layout.K, keyHead, s) + i];
                    dk[At(layout.K, keyHead, s) + i] += ds * q[At(layout.Q, h, t) + i];
                }
            }
            if (withSinks) dSinks[h] -= Math.Exp(sinks[h]) / total * along;
        }

        float[] Forward()
        {
            using Guarded a = new(q), b = new(k), c = new(v), sink = new(sinks), result = new(o.Length), sums = new(lse.Length);
            AttentionForward.Run(layout, a, b, c, withSinks ? sink.Start : null, result, sums);
            return [.. result.ToArray(), .. sums.ToArray()];
        }
        var forward = KernelTest.OnEveryPath(Forward);
        KernelTest.Close([.. o, .. lse.Select(x => double.IsNegativeInfinity(x) ? 0 : x)], [.. forward.Select(x => float.IsNegativeInfinity(x) ? 0 : x)], 1e-5, 1, "forward");
        Assert.Equal(lse.Select(double.IsNegativeInfinity), forward[o.Length..].Select(float.IsNegativeInfinity));

        var backward = KernelTest.OnEveryPath(() =>
        {
            using Guarded a = new(q), b = new(k), c = new(v), sink = new(sinks), result = new(forward[..o.Length]), sums = new(forward[o.Length..]), gradient = new(g);
            using Guarded da = new(q.Length, 1), db = new(k.Length, 2), dc = new(v.Length, 3), dSink = new(heads, 4);
            AttentionBackward.Run(layout, a, b, c, withSinks ? sink.Start : null, result, sums, gradient, new AttentionBackward.Gradients
            {
                Q = da,
                K = db,
                V = dc,
                Sinks = withSinks ? dSink.Start : null,
                AccumulateQ = true,
                AccumulateK = true,
                AccumulateV = true,
            });
            return [.. da.ToArray(), .. db.ToArray(), .. dc.ToArray(), .. dSink.ToArray()];
        });
        // Added to what was there: 1, 2, 3 and 4.
        KernelTest.Close([.. dq.Select(x => x + 1), .. dk.Select(x => x + 2), .. dv.Select(x => x + 3), .. dSinks.Select(x => x + 4)], backward, 1e-5, 2, "backward");
    }

    [Fact]
    public void Gradients_that_nobody_wants_are_not_computed()
    {
        var layout = new AttentionLayout(1, 1, 1, 4, 4, 8, 8, 1, true, 0, 0, new(32, 32, 8), new(32, 32, 8), new(32, 32, 8), new(32, 32, 8));
        var values = KernelTest.Random(32, 1);
        // What was in the results is overwritten.
        using Guarded x = new(values), o = new(32), lse = new(4), all = new(32, 5), one = new(32, float.NaN);
        AttentionForward.Run(layout, x, x, x, null, o, lse);
        AttentionBackward.Run(layout, x, x, x, null, o, lse, x, new AttentionBackward.Gradients { K = one });
        using Guarded dq = new(32, float.NaN), dv = new(32, 7);
        AttentionBackward.Run(layout, x, x, x, null, o, lse, x, new AttentionBackward.Gradients { Q = dq, K = all, V = dv });
        KernelTest.SameBits(all.ToArray(), one.ToArray(), "dK with and without the others");
        Assert.DoesNotContain(float.NaN, dq.ToArray());
    }
}
