using System.Runtime.InteropServices;

namespace Mezcla.Tensors;

/// <summary>Steps that change parameters in place.</summary>
public static class Optimizers
{
    [ThreadStatic] private static List<AdamWTensor>? _tensors;

    /// <summary>
    /// One step of AdamW (Loshchilov and Hutter, arXiv:1711.05101) for all parameters, fused: m = β₁m + (1 - β₁)g, v = β₂v
    /// + (1 - β₂)g², p = p - lr·(decay·p + m̂/(√v̂ + ε)) with m̂ = m/(1 - β₁ᵗ), v̂ = v/(1 - β₂ᵗ), as in PyTorch.
    /// Parameters without a gradient do not change.
    /// </summary>
    /// <param name="parameters">The tensors that are changed, Float32.</param>
    /// <param name="gradients">One for each parameter, of its shape; null where it has none.</param>
    /// <param name="m">First moments: zeros of the same shapes at the start.</param>
    /// <param name="v">Second moments: zeros of the same shapes at the start.</param>
    /// <param name="step">t, counted from 1.</param>
    /// <param name="learningRate">lr.</param>
    /// <param name="beta1">β₁.</param>
    /// <param name="beta2">β₂.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="weightDecay">decay.</param>
    /// <param name="decays">Which parameters decay; empty for all.</param>
    /// <param name="scale">A factor for all gradients, such as the last number of <see cref="Gradients.Measure"/>: one number on the
    /// parameters' device, which the CPU need not have read. If it is NaN, nothing changes.</param>
    /// <exception cref="ArgumentException">The lists differ in length, or a shape, type or device does not fit.</exception>
    public static void AdamWStep(ReadOnlySpan<Tensor> parameters, ReadOnlySpan<Tensor?> gradients, ReadOnlySpan<Tensor> m,
        ReadOnlySpan<Tensor> v, int step,
        float learningRate, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-8f, float weightDecay = 0.01f,
        ReadOnlySpan<bool> decays = default, Tensor? scale = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        if (gradients.Length != parameters.Length || m.Length != parameters.Length || v.Length != parameters.Length)
            throw new ArgumentException(
                $"AdamWStep: {parameters.Length} parameters with {gradients.Length} gradients, {m.Length} first and {v.Length} second " +
                    "moments.");
        if (decays.Length != 0 && decays.Length != parameters.Length)
            throw new ArgumentException($"AdamWStep: decays has {decays.Length} values for {parameters.Length} parameters.");
        if (scale is not null && (scale.Require("AdamWStep").Count != 1 || scale.DType != DType.Float32))
            throw new ArgumentException($"AdamWStep: the scale {scale.Described} must be one Float32.");
        using var recordNothing = new NoGrad();
        var tensors = _tensors ??= [];
        tensors.Clear();
        for (var i = 0; i < parameters.Length; i++)
        {
            if (gradients[i] is not { } gradient)
                continue;
            var parameter = parameters[i].On(parameters[0].Device, "AdamWStep");
            foreach (var tensor in (ReadOnlySpan<Tensor>)[parameter, gradient, m[i], v[i]])
                if (tensor.Require("AdamWStep").DType != DType.Float32 || tensor.Sizes != parameter.Sizes
                    || tensor.Device != parameter.Device)
                    throw new ArgumentException(
                        $"AdamWStep: a parameter {parameter.Described} with {tensor.Described}: both must be Float32, of the same shape " +
                            "and on the same device.");
            parameter.ChangeInPlace("AdamWStep");
            m[i].ChangeInPlace("AdamWStep");
            v[i].ChangeInPlace("AdamWStep");
            tensors.Add(
                new AdamWTensor(parameter.Handle, gradient.Handle, m[i].Handle, v[i].Handle, parameter.Count, decays.IsEmpty || decays[i]));
        }
        if (tensors.Count > 0)
            parameters[0].Kernels.AdamW(CollectionsMarshal.AsSpan(tensors),
                new AdamWStep(learningRate, beta1, beta2, epsilon, weightDecay, (float)(1 - Math.Pow(beta1, step)),
                    (float)(1 - Math.Pow(beta2, step))),
                scale?.On(parameters[0].Device, "AdamWStep").Handle ?? default);
        // A handle keeps its storage alive, but not the tensor, whose finaliser would release that storage: keep a reference until here.
        tensors.Clear();
        GC.KeepAlive(scale);
    }
}
