using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
        => RotaryKernels.Run(Floats(x), Floats(cos), Floats(sin), Floats(y), layout, inverse, accumulate);

    public override void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse)
        => AttentionForward.Run(layout, Floats(q), Floats(k), Floats(v), Floats(sinks), Floats(o), Floats(lse));

    public override void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse, Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks)
    {
        if (!dSinks.IsNull && !accumulateSinks)
            Fill(dSinks, layout.Heads, 0);
        var results = new AttentionBackward.Gradients { Q = Floats(dq), K = Floats(dk), V = Floats(dv), Sinks = Floats(dSinks), AccumulateQ = accumulateQ, AccumulateK = accumulateK, AccumulateV = accumulateV };
        Cpu.AttentionBackward.Run(layout, Floats(q), Floats(k), Floats(v), Floats(sinks), Floats(o), Floats(lse), Floats(dO), results);
    }

    public override void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale)
    {
        float factor = step.GradientScale * (gradientScale.IsNull ? 1 : *Floats(gradientScale));
        if (float.IsNaN(factor))
            return;
        foreach (var t in tensors)
            AdamWKernel.Run(Floats(t.Parameter), Floats(t.Gradient), Floats(t.M), Floats(t.V), t.Count, step with { GradientScale = factor, WeightDecay = t.Decays ? step.WeightDecay : 0 });
    }

    public override void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses)
    {
        Handle squares = measured.Plus(losses * sizeof(float));
        Fill(squares, 1, 0);
        for (int i = 0; i < gradients.Length; i++)
            Sum(gradients[i].Gradient, squares, 1, gradients[i].Count, 1, 1, squares: true, accumulate: i > 0);
        float* values = Floats(measured);
        float norm = values[losses] = MathF.Sqrt(values[losses]);
        bool finite = float.IsFinite(norm);
        for (int i = 0; i < losses; i++)
            finite &= float.IsFinite(values[i]);
        values[losses + 1] = !finite ? float.NaN : norm > most ? most / norm : 1;
    }
}
