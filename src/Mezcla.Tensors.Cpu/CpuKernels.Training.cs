using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale)
    {
        var factor = gradientScale.IsNull ? 1 : *Floats(gradientScale);
        if (float.IsNaN(factor))
            return;
        foreach (var t in tensors)
            AdamWKernel.Run(Floats(t.Parameter), Floats(t.Gradient), Floats(t.M), Floats(t.V), t.Count,
                step with { WeightDecay = t.Decays ? step.WeightDecay : 0 }, factor);
    }

    public override void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses)
    {
        Handle squares = measured.Plus(losses * sizeof(float));
        Fill(squares, 1, 0);
        for (var i = 0; i < gradients.Length; i++)
            Sum(gradients[i].Gradient, squares, 1, gradients[i].Count, 1, 1, squares: true, accumulate: i > 0);
        var values = Floats(measured);
        var norm = values[losses] = MathF.Sqrt(values[losses]);
        var finite = float.IsFinite(norm);
        for (var i = 0; i < losses; i++)
            finite &= float.IsFinite(values[i]);
        values[losses + 1] = !finite ? float.NaN : norm > most ? most / norm : 1;
    }
}
