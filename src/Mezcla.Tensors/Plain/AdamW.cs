namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// m = β₁·m + (1 - β₁)·g, v = β₂·v + (1 - β₂)·g², p = p - rate·(decay·p + (m/c₁)/(√(v/c₂) + ε)) with cᵢ = 1 - βᵢᵗ (Loshchilov and
    /// Hutter, arXiv:1711.05101, algorithm 2). Gradients are multiplied by the scale first; if the scale is NaN, nothing changes.
    /// </summary>
    public override void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale)
    {
        var scale = gradientScale.IsNull ? 1.0 : Floats(gradientScale)[0];
        if (double.IsNaN(scale))
            return;
        foreach (var tensor in tensors)
        {
            NumberSpan<float> p = Floats(tensor.Parameter), g = Floats(tensor.Gradient), m = Floats(tensor.M), v = Floats(tensor.V);
            var decay = tensor.Decays ? step.WeightDecay : 0.0;
            for (long i = 0; i < tensor.Count; i++)
            {
                var gradient = g[i] * scale;
                m[i] = (float)(step.Beta1 * m[i] + (1.0 - step.Beta1) * gradient);
                v[i] = (float)(step.Beta2 * v[i] + (1.0 - step.Beta2) * gradient * gradient);
                var direction = m[i] / (double)step.Correction1 / (Math.Sqrt(v[i] / (double)step.Correction2) + step.Epsilon);
                p[i] = (float)(p[i] - step.LearningRate * (decay * p[i] + direction));
            }
        }
    }
}
