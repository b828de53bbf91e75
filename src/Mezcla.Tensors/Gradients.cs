using System.Runtime.InteropServices;

namespace Mezcla.Tensors;

/// <summary>What is done to the gradients of many parameters together.</summary>
public static class Gradients
{
    /// <summary>Releases the gradients: the next backward pass starts anew.</summary>
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
