using System.Runtime.InteropServices;

namespace Mezcla.Tensors;

/// <summary>The norm and clipping of the gradients of many parameters together.</summary>
public static class Gradients
{
    [ThreadStatic] private static List<(Handle Gradient, long Count)>? s_gradients;

    /// <summary>Releases the gradients: the next backward pass starts from zero.</summary>
    public static void Clear(params ReadOnlySpan<Tensor> parameters)
    {
        foreach (var parameter in parameters)
            parameter.ClearGrad();
    }

    /// <summary>√Σg² over the gradients of all parameters that have one.</summary>
    public static float Norm(params ReadOnlySpan<Tensor> parameters)
    {
        Storage? total = null;
        float squares = 0;
        foreach (var parameter in parameters)
        {
            if (parameter.Grad?.Require("Norm") is not { } gradient)
                continue;
            bool first = total is null;
            total ??= gradient.Device.Pool.Rent(4, "Norm");
            gradient.Kernels.Sum(gradient.On(parameters[0].Device, "Norm").Handle, new Handle(total, 0), 1, gradient.Count, 1, 1, squares: true, accumulate: !first);
        }
        if (total is null)
            return 0;
        parameters[0].Kernels.Download(new Handle(total, 0), MemoryMarshal.AsBytes(new Span<float>(ref squares)));
        total.Release();
        return MathF.Sqrt(squares);
    }

    /// <summary>
    /// Without waiting for a device: the losses, then √Σg² over the gradients of all parameters that have one, then the factor that makes this norm at most <paramref name="maxNorm"/>
    /// (1 where it is), which is NaN where the norm or a loss is not finite. One tensor, so that one look at it tells all; its last number is a scale for <see cref="Optimizers.AdamWStep"/>.
    /// </summary>
    /// <param name="parameters">Parameters on one device.</param>
    /// <param name="maxNorm">The most that the norm may be; infinity for no bound.</param>
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
        for (int i = 0; i < losses.Length; i++)
        {
            var loss = losses[i].Floats("Measure", device);
            if (loss.Count != 1)
                throw new ArgumentException($"Measure: a loss is one number, not {loss.Described}.");
            device.Kernels.Copy(loss.Handle, measured.Handle.Plus(i * sizeof(float)), sizeof(float));
        }
        var gradients = s_gradients ??= [];
        gradients.Clear();
        foreach (var parameter in parameters)
            if (parameter.Grad is { } gradient)
                gradients.Add((gradient.On(device, "Measure").Handle, gradient.Count));
        device.Kernels.GradientNorm(CollectionsMarshal.AsSpan(gradients), maxNorm, measured.Handle, losses.Length);
        gradients.Clear();
        return measured;
    }

    /// <summary>
    /// Scales all gradients by one factor so that their common norm is at most <paramref name="maxNorm"/> (Pascanu, Mikolov and Bengio,
    /// arXiv:1211.5063). Returns the norm they had.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is negative.</exception>
    public static float ClipNorm(ReadOnlySpan<Tensor> parameters, float maxNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxNorm);
        float norm = Norm(parameters);
        if (norm > maxNorm)
            foreach (var parameter in parameters)
                if (parameter.Grad is { } gradient)
                    gradient.Kernels.Scale(gradient.Handle, gradient.Handle, gradient.Count, maxNorm / norm, accumulate: false);
        return norm;
    }
}
