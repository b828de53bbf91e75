using System.Runtime.InteropServices;

namespace Mezcla.Tensors;

/// <summary>The norm and clipping of the gradients of many parameters together.</summary>
public static class Gradients
{
    [ThreadStatic] private static List<(Handle Gradient, long Count)>? _gradients;

    /// <summary>
    /// Computes, without waiting for a device: the losses, then the norm √Σg² over the gradients of all parameters that have one, then the
    /// factor that reduces this norm to at most <paramref name="maxNorm"/>: 1 if the norm is small enough already, NaN if the norm or a
    /// loss is not finite. All are in one tensor, so that a single read from the device gets them; its last number is a scale for
    /// <see cref="Optimizers.AdamWStep"/>.
    /// </summary>
    /// <param name="parameters">Parameters on one device.</param>
    /// <param name="maxNorm">The largest norm allowed; infinity for no bound.</param>
    /// <param name="losses">Single numbers on that device.</param>
    /// <returns>Float32 [losses + 2].</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bound is negative.</exception>
    /// <exception cref="ArgumentException">There are no parameters, or a loss is not one number on their device.</exception>
    public static Tensor Measure(ReadOnlySpan<Tensor> parameters, float maxNorm, params ReadOnlySpan<Tensor> losses)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxNorm);
        if (parameters.IsEmpty)
            throw new ArgumentException("Measure: there are no parameters.");
        var device = parameters[0].Device;
        var measured = Tensor.Empty("Measure", new Shape(losses.Length + 2), DType.Float32, device);
        for (var i = 0; i < losses.Length; i++)
        {
            var loss = losses[i].Floats("Measure", device);
            if (loss.Count != 1)
                throw new ArgumentException($"Measure: a loss is one number, not {loss.Described}.");
            device.Kernels.Copy(loss.Handle, measured.Handle.Plus(i * sizeof(float)), sizeof(float));
        }
        var gradients = _gradients ??= [];
        gradients.Clear();
        foreach (var parameter in parameters)
            if (parameter.Grad is { } gradient)
                gradients.Add((gradient.On(device, "Measure").Handle, gradient.Count));
        device.Kernels.GradientNorm(CollectionsMarshal.AsSpan(gradients), maxNorm, measured.Handle, losses.Length);
        gradients.Clear();
        return measured;
    }
}
