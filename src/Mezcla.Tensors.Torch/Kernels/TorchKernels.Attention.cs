using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

/// <summary>
/// Attention: libtorch's fused one where it means the same, which is without windows, sinks and queries that see nothing; else composed of
/// products and a softmax, whose probabilities the backward pass makes again from ln Σ exp.
/// </summary>
internal sealed unsafe partial class TorchKernels
{
    public override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
    {
        long n = layout.Blocks * layout.Time * layout.Heads * layout.Size, half = layout.Rotated / 2,
            from = layout.Start * half * sizeof(float);
        if (n > 0)
            Run("rotary"u8, y, F(x, layout.Blocks, layout.Time, (long)layout.Heads, layout.Size), F(cos.Plus(from), layout.Time, half),
                F(sin.Plus(from), layout.Time, half),
                F(y, layout.Blocks, layout.Time, (long)layout.Heads, layout.Size), layout.Rotated, layout.Interleaved, inverse, accumulate);
    }

    public override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
    {
        if ((long)layout.Batch * layout.Heads * layout.Queries == 0)
            return;
        Forget(lse);
        Argument queries = Heads(q, layout.Q, layout, false), keys = Heads(k, layout.K, layout, true),
            values = Heads(v, layout.V, layout, true, layout.ValueSize),
            result = Heads(o, layout.O, layout, false, layout.ValueSize), sums = F(lse, layout.Batch, layout.Heads, layout.Queries);
        if (IsFused(layout, sinks, out var causal))
            Run("attention_cpu"u8, o, queries, keys, values, result, sums, layout.Scale, causal);
        else
            Run("attention"u8, o, queries, keys, values, F(sinks, layout.Heads), result, sums, layout.Scale, layout.Causal, layout.Window,
                layout.QueryOffset, IsNarrow);
    }

    public override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse,
        Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        if ((long)layout.Batch * layout.Heads * layout.Queries == 0)
        {
            Clear(dSinks, layout.Heads, accumulateSinks);
            return;
        }

        foreach (var written in (ReadOnlySpan<Handle>)[dk, dv, dSinks])
            Forget(written);
        Argument queries = Heads(q, layout.Q, layout, false), keys = Heads(k, layout.K, layout, true),
            values = Heads(v, layout.V, layout, true, layout.ValueSize),
            result = Heads(o, layout.O, layout, false, layout.ValueSize), sums = F(lse, layout.Batch, layout.Heads, layout.Queries),
            gradient = Heads(dO, layout.O, layout, false, layout.ValueSize), ofQueries = Heads(dq, layout.Q, layout, false),
            ofKeys = Heads(dk, layout.K, layout, true),
            ofValues = Heads(dv, layout.V, layout, true, layout.ValueSize);
        if (IsFused(layout, sinks, out var causal))
            Run("attention_cpu_backward"u8, dq, queries, keys, values, result, sums, gradient, ofQueries, accumulateQ, ofKeys, accumulateK,
                ofValues, accumulateV, layout.Scale, causal);
        else
            Run("attention_backward"u8, dq, queries, keys, values, F(sinks, layout.Heads), result, sums, gradient, ofQueries, accumulateQ,
                ofKeys, accumulateK, ofValues, accumulateV,
                F(dSinks, layout.Heads), accumulateSinks, layout.Scale, layout.Causal, layout.Window, layout.QueryOffset, IsNarrow);
    }

    // libtorch's causal mask begins at the upper left; where every key is seen there is no mask at all.
    private bool IsFused(in AttentionLayout layout, Handle sinks, out bool causal)
    {
        causal = layout.Causal && layout.QueryOffset < layout.Keys - 1;
        return _deviceType == 0 && !IsNarrow && sinks.IsNull && layout.Window == 0 && layout.Keys > 0 && layout.HeadSize == layout.ValueSize
            && (!causal || (layout.QueryOffset == 0 && layout.Queries == layout.Keys));
    }

    /// <summary>[batch, heads, time, size], wherever these lie.</summary>
    private static Argument Heads(Handle handle, in HeadStrides strides, in AttentionLayout layout, bool keys, int size = 0)
        => handle.IsNull ? Argument.Nothing : View(handle, Block.Float32,
            [layout.Batch, keys ? layout.KeyHeads : layout.Heads, keys ? layout.Keys : layout.Queries, size == 0 ? layout.HeadSize : size],
            [strides.Batch, strides.Head, strides.Row, 1]);
}
