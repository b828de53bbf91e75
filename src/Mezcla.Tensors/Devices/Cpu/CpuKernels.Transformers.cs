namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
        => RotaryKernels.Run(Floats(x), Floats(cos), Floats(sin), Floats(y), layout, inverse, accumulate);

    internal override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
        => AttentionForward.Run(layout, Floats(q), Floats(k), Floats(v), Floats(sinks), Floats(o), Floats(lse));

    internal override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse, Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        Prepare(dq, layout.Q, layout.Batch, layout.Heads, layout.Queries, layout.HeadSize, accumulateQ);
        Prepare(dk, layout.K, layout.Batch, layout.KeyHeads, layout.Keys, layout.HeadSize, accumulateK);
        Prepare(dv, layout.V, layout.Batch, layout.KeyHeads, layout.Keys, layout.ValueSize, accumulateV);
        if (!dSinks.IsNull && !accumulateSinks)
            Fill(dSinks, layout.Heads, 0);
        var results = new AttentionBackward.Gradients { Q = Floats(dq), K = Floats(dk), V = Floats(dv), Sinks = Floats(dSinks) };
        Cpu.AttentionBackward.Run(layout, Floats(q), Floats(k), Floats(v), Floats(sinks), Floats(o), Floats(lse), Floats(dO), results);
    }

    private static void Prepare(Handle target, in HeadStrides strides, int batch, int heads, int rows, int size, bool accumulate)
    {
        if (target.IsNull || accumulate)
            return;
        for (int b = 0; b < batch; b++)
            for (int h = 0; h < heads; h++)
                for (int r = 0; r < rows; r++)
                    new Span<float>(AttentionTiles.Row(Floats(target), strides, b, h, r), size).Clear();
    }

    internal override void AdamW(Handle parameter, Handle gradient, Handle m, Handle v, long n, in AdamWStep step)
        => AdamWKernel.Run(Floats(parameter), Floats(gradient), Floats(m), Floats(v), n, step);
}
