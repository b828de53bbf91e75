using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
        => RotaryKernels.Run(Floats(x), Floats(cos), Floats(sin), Floats(y), layout, inverse, accumulate);

    public override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
        => AttentionForward.Run(layout, Floats(q), Floats(k), Floats(v), Floats(sinks), Floats(o), Floats(lse));

    public override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse,
        Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        if (!dSinks.IsNull && !accumulateSinks)
            Fill(dSinks, layout.Heads, 0);
        var results = new AttentionBackward.Gradients
        {
            Q = Floats(dq),
            K = Floats(dk),
            V = Floats(dv),
            Sinks = Floats(dSinks),
            AccumulateQ = accumulateQ,
            AccumulateK = accumulateK,
            AccumulateV = accumulateV
        };
        Cpu.AttentionBackward.Run(layout, Floats(q), Floats(k), Floats(v), Floats(sinks), Floats(o), Floats(lse), Floats(dO), results);
    }
}
