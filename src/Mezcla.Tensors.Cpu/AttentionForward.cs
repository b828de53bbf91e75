using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>
/// o = softmax(scale q kᵀ, masked) v with an online softmax (Milakov and Gimelshein, arXiv:1805.02867): over blocks of keys, the largest
/// score m and the sum l of e^(score - m) so far are kept for each query, and o is
/// rescaled when m grows. lse = m + ln l is kept for the backward pass.
/// </summary>
internal static unsafe class AttentionForward
{
    /// <summary>
    /// Computes o and lse [batch, heads, queries]. <paramref name="sinks"/>, a logit for each head that takes part in the sum and has no
    /// value, may be null. A query that sees nothing gets 0, and lse = -infinity (or the sink).
    /// </summary>
    public static void Run(in AttentionLayout layout, float* q, float* k, float* v, float* sinks, float* o, float* lse)
    {
        if ((long)layout.Batch * layout.Heads * layout.Queries == 0)
            return;
        Simd.Run(1, new Start { Job = new Job { Layout = layout, Q = q, K = k, V = v, Sinks = sinks, O = o, LogSums = lse } });
    }

    private struct Start : IVectorJob
    {
        public Job Job;

        // Keys are packed once for all queries that use them, unless there are too few queries.
        public readonly void Run<L>(int chunk) where L : unmanaged, ILanes<L>
        {
            var job = Job;
            ref readonly var layout = ref job.Layout;
            if (layout.Queries > GemmRows.MostRows)
            {
                var size = AttentionTiles.PanelFloats<L>(layout.Keys, layout.HeadSize);
                job.Panels = CpuScratch.Floats(CpuScratch.Use.Shared, size * layout.Batch * layout.KeyHeads);
                job.Packing = true;
                var pack = new With<L> { Job = job };
                CpuThreads.Run(layout.Batch * layout.KeyHeads, ref pack);
            }
            job.Packing = false;
            // A chunk is a block of queries of one head, or several heads if there are few keys and queries.
            job.Blocks = (layout.Queries + AttentionTiles.QueryBlock - 1) / AttentionTiles.QueryBlock;
            var work = Math.Max(1L, layout.Keys) * Math.Min(layout.Queries,
                AttentionTiles.QueryBlock) * (layout.HeadSize + layout.ValueSize);
            job.PerChunk = (int)Math.Clamp(65536 / work, 1, 64);
            var parts = layout.Batch * layout.Heads * job.Blocks;
            var attend = new With<L> { Job = job };
            CpuThreads.Run((parts + job.PerChunk - 1) / job.PerChunk, ref attend);
        }
    }

    private struct With<L> : IParallelJob where L : unmanaged, ILanes<L>
    {
        public Job Job;

        public readonly void Run(int chunk)
        {
            if (Job.Packing)
                Job.Pack<L>(chunk);
            else
                for (var part = chunk * Job.PerChunk;
                    part < Math.Min((chunk + 1) * Job.PerChunk, Job.Layout.Batch * Job.Layout.Heads * Job.Blocks); part++)
                    Job.Attend<L>(part / Job.Blocks, part % Job.Blocks * AttentionTiles.QueryBlock);
        }
    }

    private struct Job
    {
        public AttentionLayout Layout;
        public float* Q, K, V, Sinks, O, LogSums, Panels;
        public int Blocks, PerChunk;
        public bool Packing;

        public readonly void Pack<L>(int part) where L : unmanaged, ILanes<L> => GemmPacking.Pack(
            AttentionTiles.Row(K, Layout.K, part / Layout.KeyHeads, part % Layout.KeyHeads, 0), (nint)Layout.K.Row, 1, Layout.Keys,
            Layout.HeadSize,
            TileGrid.StripColumns<L>(), Panels + part * AttentionTiles.PanelFloats<L>(Layout.Keys, Layout.HeadSize));

        // One block of queries of one head.
        [MethodImpl(Lanes.Kernel)]
        public readonly void Attend<L>(int batchHead, int query) where L : unmanaged, ILanes<L>
        {
            var (batch, head) = (batchHead / Layout.Heads, batchHead % Layout.Heads);
            var keyHead = head / (Layout.Heads / Layout.KeyHeads);
            var count = Math.Min(AttentionTiles.QueryBlock, Layout.Queries - query);
            float* q = AttentionTiles.Row(Q, Layout.Q, batch, head, query), o = AttentionTiles.Row(O, Layout.O, batch, head, query);
            var scores = CpuScratch.Floats(CpuScratch.Use.Kernel, AttentionTiles.QueryBlock * AttentionTiles.KeyBlock);
            float* max = stackalloc float[AttentionTiles.QueryBlock], sum = stackalloc float[AttentionTiles.QueryBlock];
            for (var i = 0; i < count; i++)
                (max[i], sum[i]) = Sinks == null ? (float.NegativeInfinity, 0) : (Sinks[head], 1);

            var (from, to) = AttentionTiles.Visible(Layout, query, count);
            if (from >= to)
                for (var i = 0; i < count; i++)
                    new Span<float>(o + i * Layout.O.Row, Layout.ValueSize).Clear();
            for (var key = from; key < to; key += AttentionTiles.KeyBlock)
            {
                var keys = Math.Min(AttentionTiles.KeyBlock, to - key);
                float* k = AttentionTiles.Row(K, Layout.K, batch, keyHead, key), v = AttentionTiles.Row(V, Layout.V, batch, keyHead, key);
                if (Panels == null)
                    Gemm.Multiply<L>(new MatrixProduct(false, true, count, keys, Layout.HeadSize, Layout.Scale, q, (nint)Layout.Q.Row, k,
                        (nint)Layout.K.Row,
                        0, scores, AttentionTiles.KeyBlock));
                else
                {
                    var panels = Panels + ((nint)batch * Layout.KeyHeads + keyHead) * (nint)AttentionTiles.PanelFloats<L>(Layout.Keys,
                        Layout.HeadSize);
                    AttentionTiles.Scores<L>(q, (nint)Layout.Q.Row, count, panels, key, keys, Layout.HeadSize, Layout.Scale, scores);
                }
                for (var i = 0; i < count; i++)
                    Weigh<L>(scores + i * AttentionTiles.KeyBlock, query + i, key, keys, ref max[i], ref sum[i],
                        key == from ? null : o + i * Layout.O.Row);
                var product = new MatrixProduct(false, false, count, Layout.ValueSize, keys, 1, scores, AttentionTiles.KeyBlock, v,
                    (nint)Layout.V.Row,
                    key == from ? 0 : 1, o, (nint)Layout.O.Row);
                if (Panels == null)
                    Gemm.Multiply<L>(product);
                else
                    GemmBlocks.MultiplySmall<L>(product);
            }
            for (var i = 0; i < count; i++)
                if (sum[i] > 0)
                    Scale<L>(o + i * Layout.O.Row, 1 / sum[i], Layout.ValueSize);
            for (var i = 0; i < count; i += Lanes.Width)
                Lanes.StoreFirst(L.Load(max + i) + VectorMath.Log(L.Load(sum + i)), LogSums + (nint)batchHead * Layout.Queries + query + i,
                    count - i);
        }

        // Turns a row of scores into e^(score - m), 0 where hidden, and brings m, l and the row of o, unless there is none yet, up to date.
        [MethodImpl(Lanes.Kernel)]
        private readonly void Weigh<L>(float* scores, int query, int key, int keys, ref float max, ref float sum, float* o)
        where L : unmanaged, ILanes<L>
        {
            var (from, to) = AttentionTiles.Visible(Layout, query);
            (from, to) = (Math.Clamp(from - key, 0, keys), Math.Clamp(to - key, 0, keys));
            if (from >= to)
            {
                new Span<float>(scores, keys).Clear();
                return;
            }
            // All loops run over whole vectors, since a row of scores has room for them; hidden scores are set to -infinity.
            var (start, end) = AttentionTiles.WholeLanes(from, to);
            L hidden = L.Of(float.NegativeInfinity), best = hidden, first = L.Of(from), behind = L.Of(to);
            for (var i = start; i < end; i += Lanes.Width)
            {
                var score = L.Load(scores + i);
                if (i < from || i + Lanes.Width > to)
                {
                    score = Lanes.Within(score, L.Of(i) + Lanes.Numbers<L>(), first, behind, hidden);
                    score.Store(scores + i);
                }
                best = L.Max(best, score);
            }
            var next = MathF.Max(max, best.Max());
            L largest = L.Of(next), even = L.Of(0), odd = even;
            for (var i = start; i < end; i += 2 * Lanes.Width)
            {
                var weight = VectorMath.ExpBelow(L.Load(scores + i) - largest);
                weight.Store(scores + i);
                even += weight;
                if (i + Lanes.Width == end)
                    break;
                weight = VectorMath.ExpBelow(L.Load(scores + i + Lanes.Width) - largest);
                weight.Store(scores + i + Lanes.Width);
                odd += weight;
            }
            AttentionTiles.ClearOutside(scores, start, end, keys);
            if (next != max)
            {
                var keep = VectorMath.Exp(L.Of(max - next)).Max();
                sum *= keep;
                if (keep > 0 && o != null)
                    Scale<L>(o, keep, Layout.ValueSize);
                max = next;
            }
            sum += (even + odd).Sum();
        }

        [MethodImpl(Lanes.Kernel)]
        private static void Scale<L>(float* row, float factor, int n) where L : unmanaged, ILanes<L>
        {
            var all = L.Of(factor);
            for (var i = 0; i < n; i += Lanes.Width)
                Lanes.StoreFirst(Lanes.LoadFirst<L>(row + i, n - i) * all, row + i, n - i);
        }
    }
}
