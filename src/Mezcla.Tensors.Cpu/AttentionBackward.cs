using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// The gradients of attention. Probabilities are recomputed from the scores and lse: P = e^(scale q kᵀ - lse). Then dV = Pᵀ dO,
/// dS = scale P ∘ (dO Vᵀ - rowsum(dO ∘ O)), dQ = dS K, dK = dSᵀ Q (Dao et al., arXiv:2205.14135, appendix B.2), and a sink gets
/// -Σ e^(sink - lse) rowsum(dO ∘ O). One thread computes everything of a key head, so every sum has a fixed order.
/// </summary>
internal static unsafe class AttentionBackward
{
    /// <summary>The results, each of which may be null; the first three overwrite what
    /// is there or are added to it, sinks are added.</summary>
    public struct Gradients
    {
        public float* Q, K, V, Sinks;
        public bool AccumulateQ, AccumulateK, AccumulateV;
    }

    /// <summary>Computes the gradients of one call of <see cref="AttentionForward"/>.</summary>
    public static void Run(in AttentionLayout layout, float* q, float* k, float* v, float* sinks, float* o, float* lse, float* dO,
        in Gradients results)
    {
        var owners = layout.Batch * layout.KeyHeads;
        if (owners == 0)
            return;
        var sinkParts = results.Sinks == null ? null : CpuScratch.Floats(CpuScratch.Use.Shared, (long)layout.Batch * layout.Heads);
        Simd.Run(owners, new Job
        {
            Layout = layout,
            Q = q,
            K = k,
            V = v,
            Sinks = sinks,
            O = o,
            LogSums = lse,
            Gradient = dO,
            Results = results,
            SinkParts = sinkParts,
        });
        if (sinkParts != null)
            for (var i = 0; i < layout.Batch * layout.Heads; i++)
                results.Sinks[i % layout.Heads] += sinkParts[i];
    }

    private struct Job : IVectorJob
    {
        public AttentionLayout Layout;
        public float* Q, K, V, Sinks, O, LogSums, Gradient, SinkParts;
        public Gradients Results;

        // One key head and the query heads that share it.
        public readonly void Run<L>(int owner) where L : unmanaged, ILanes<L>
        {
            const int tile = AttentionTiles.QueryBlock * AttentionTiles.KeyBlock;
            var (batch, keyHead) = (owner / Layout.KeyHeads, owner % Layout.KeyHeads);
            long keyFloats = AttentionTiles.PanelFloats<L>(Layout.Keys, Layout.HeadSize),
                valueFloats = AttentionTiles.PanelFloats<L>(Layout.Keys, Layout.ValueSize);
            var scratch = CpuScratch.Floats(CpuScratch.Use.Kernel, 2 * tile + keyFloats + valueFloats);
            float* keyPanels = scratch + 2 * tile, valuePanels = keyPanels + keyFloats;
            var width = TileGrid.StripColumns<L>();
            GemmPacking.Pack(AttentionTiles.Row(K, Layout.K, batch, keyHead, 0), (nint)Layout.K.Row, 1, Layout.Keys, Layout.HeadSize, width,
                keyPanels);
            GemmPacking.Pack(AttentionTiles.Row(V, Layout.V, batch, keyHead, 0), (nint)Layout.V.Row, 1, Layout.Keys, Layout.ValueSize,
                width, valuePanels);
            var group = Layout.Heads / Layout.KeyHeads;
            if (!Results.AccumulateK)
                Clear(Results.K, Layout.K, batch, keyHead, Layout.Keys, Layout.HeadSize);
            if (!Results.AccumulateV)
                Clear(Results.V, Layout.V, batch, keyHead, Layout.Keys, Layout.ValueSize);
            for (var head = keyHead * group; head < (keyHead + 1) * group; head++)
            {
                if (!Results.AccumulateQ)
                    Clear(Results.Q, Layout.Q, batch, head, Layout.Queries, Layout.HeadSize);
                if (SinkParts != null)
                    SinkParts[batch * Layout.Heads + head] = 0;
                for (var query = 0; query < Layout.Queries; query += AttentionTiles.QueryBlock)
                    Queries<L>(batch, head, keyHead, query, scratch, scratch + tile, keyPanels, valuePanels);
            }
        }

        // The part of a gradient that belongs to this key head and that products are added to.
        private static void Clear(float* gradient, in HeadStrides strides, int batch, int head, int rows, int size)
        {
            if (gradient == null)
                return;
            for (var row = 0; row < rows; row++)
                new Span<float>(AttentionTiles.Row(gradient, strides, batch, head, row), size).Clear();
        }

        [MethodImpl(Lanes.Kernel)]
        private readonly void Queries<L>(int batch, int head, int keyHead, int query, float* scores, float* slopes, float* keyPanels,
            float* valuePanels)
            where L : unmanaged, ILanes<L>
        {
            const int pitch = AttentionTiles.KeyBlock;
            var count = Math.Min(AttentionTiles.QueryBlock, Layout.Queries - query);
            float* q = AttentionTiles.Row(Q, Layout.Q, batch, head, query), o = AttentionTiles.Row(O, Layout.O, batch, head, query);
            var g = AttentionTiles.Row(Gradient, Layout.O, batch, head, query);
            var lse = LogSums + ((nint)batch * Layout.Heads + head) * Layout.Queries + query;
            nint qRow = (nint)Layout.Q.Row, kRow = (nint)Layout.K.Row, vRow = (nint)Layout.V.Row, oRow = (nint)Layout.O.Row;
            var along = stackalloc float[AttentionTiles.QueryBlock];
            for (var i = 0; i < count; i++)
            {
                along[i] = RowMath.Sum<RowMath.Times, L>(g + i * oRow, o + i * oRow, 0, Layout.ValueSize);
                if (SinkParts != null)
                    SinkParts[batch * Layout.Heads + head] -= VectorMath.Exp(L.Of(Sinks[head] - lse[i])).Max() * along[i];
            }
            var (from, to) = AttentionTiles.Visible(Layout, query, count);
            for (var key = from; key < to; key += AttentionTiles.KeyBlock)
            {
                var keys = Math.Min(AttentionTiles.KeyBlock, to - key);
                AttentionTiles.Scores<L>(q, qRow, count, keyPanels, key, keys, Layout.HeadSize, Layout.Scale, scores);
                AttentionTiles.Scores<L>(g, oRow, count, valuePanels, key, keys, Layout.ValueSize, Layout.Scale, slopes);
                for (var i = 0; i < count; i++)
                    Slopes<L>(scores + i * pitch, slopes + i * pitch, query + i, key, keys, lse[i], along[i] * Layout.Scale);
                if (Results.V != null)
                    GemmBlocks.MultiplySmall<L>(new MatrixProduct(true, false, keys, Layout.ValueSize, count, 1, scores, pitch, g, oRow,
                        1, AttentionTiles.Row(Results.V, Layout.V, batch, keyHead, key), vRow));
                if (Results.K != null)
                    GemmBlocks.MultiplySmall<L>(new MatrixProduct(true, false, keys, Layout.HeadSize, count, 1, slopes, pitch, q, qRow,
                        1, AttentionTiles.Row(Results.K, Layout.K, batch, keyHead, key), kRow));
                if (Results.Q != null)
                    GemmBlocks.MultiplySmall<L>(new MatrixProduct(false, false, count, Layout.HeadSize, keys, 1, slopes, pitch,
                        AttentionTiles.Row(K, Layout.K, batch, keyHead, key), kRow, 1,
                        AttentionTiles.Row(Results.Q, Layout.Q, batch, head, query), qRow));
            }
        }

        // Scores become probabilities and scale dO Vᵀ becomes dS; both 0 where hidden.
        [MethodImpl(Lanes.Kernel)]
        private readonly void Slopes<L>(float* scores, float* slopes, int query, int key, int keys, float lse, float along)
        where L : unmanaged, ILanes<L>
        {
            var (from, to) = AttentionTiles.Visible(Layout, query);
            (from, to) = (Math.Clamp(from - key, 0, keys), Math.Clamp(to - key, 0, keys));
            var (start, end) = from < to ? AttentionTiles.WholeLanes(from, to) : (0, 0);
            L shift = L.Of(lse), minus = L.Of(along), zero = L.Of(0), first = L.Of(from), behind = L.Of(to);
            for (var i = start; i < end; i += Lanes.Width)
            {
                var p = VectorMath.ExpBelow(L.Load(scores + i) - shift);
                var slope = p * (L.Load(slopes + i) - minus);
                if (i < from || i + Lanes.Width > to)
                {
                    var place = L.Of(i) + Lanes.Numbers<L>();
                    (p, slope) = (Lanes.Within(p, place, first, behind, zero), Lanes.Within(slope, place, first, behind, zero));
                }
                p.Store(scores + i);
                slope.Store(slopes + i);
            }
            AttentionTiles.ClearOutside(scores, start, end, keys);
            AttentionTiles.ClearOutside(slopes, start, end, keys);
        }
    }
}
