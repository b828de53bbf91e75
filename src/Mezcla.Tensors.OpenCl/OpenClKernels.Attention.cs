using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

/// <summary>
/// Attention: in tiles, or, where queries are few (as in generation), heads are larger
/// than a tile holds or the device is a CPU, each query by itself.
/// </summary>
internal sealed unsafe partial class OpenClKernels
{
    // A group owns so many queries, or keys.
    private const int OwnedRows = 64, FewQueries = 8;

    // Of attention_tiles.cl.
    private bool ByTiles(in AttentionLayout layout) =>
        _group == 256 && layout.Queries >= FewQueries && layout.HeadSize <= 128 && layout.ValueSize <= 128;

    private static long Blocks(int rows) => (rows + OwnedRows - 1) / OwnedRows;

    public override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
    {
        if (ByTiles(layout))
            Groups("attention_tiles", (long)layout.Batch * layout.Heads * Blocks(layout.Queries), q, k, v, sinks, o, lse, Numbers(layout),
                layout.Scale);
        else
            Groups("attention", (long)layout.Batch * layout.Heads * layout.Queries, q, k, v, sinks, o, lse, Numbers(layout), layout.Scale);
    }

    public override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse,
        Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        var rows = (long)layout.Batch * layout.Heads * layout.Queries;
        var delta = Rent(rows);
        var numbers = Numbers(layout);
        Each("attention_delta", rows, o, dO, delta, numbers, rows);
        var tiles = ByTiles(layout);
        if (!dq.IsNull && tiles)
            Groups("attention_query_tiles", (long)layout.Batch * layout.Heads * Blocks(layout.Queries), q, k, v, lse, delta, dO, dq,
                numbers, layout.Scale, accumulateQ);
        else if (!dq.IsNull)
            Groups("attention_queries", rows, q, k, v, lse, delta, dO, dq, numbers, layout.Scale, accumulateQ);
        if ((!dk.IsNull || !dv.IsNull) && tiles)
            Groups("attention_key_tiles", (long)layout.Batch * layout.KeyHeads * Blocks(layout.Keys), q, k, v, lse, delta, dO, dk,
                accumulateK, dv, accumulateV, numbers, layout.Scale);
        else if (!dk.IsNull || !dv.IsNull)
            Groups("attention_keys", (long)layout.Batch * layout.KeyHeads * layout.Keys, q, k, v, lse, delta, dO, dk, accumulateK, dv,
                accumulateV, numbers, layout.Scale);
        if (!dSinks.IsNull)
            Groups("attention_sinks", layout.Heads, sinks, lse, delta, dSinks, numbers, accumulateSinks);
        delta.Storage!.Release();
    }

    /// <summary>The struct Layout of attention.cl.</summary>
    private static long[] Numbers(in AttentionLayout l) =>
    [
        l.Batch, l.Heads, l.KeyHeads, l.Queries, l.Keys, l.HeadSize, l.ValueSize, l.Causal ? 1 : 0, l.Window, l.QueryOffset,
        l.Q.Batch, l.Q.Head, l.Q.Row, l.K.Batch, l.K.Head, l.K.Row, l.V.Batch, l.V.Head, l.V.Row, l.O.Batch, l.O.Head, l.O.Row,
    ];
}
