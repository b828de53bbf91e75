using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

internal sealed unsafe partial class OpenClKernels
{
    private const int AdamWNumbers = 8;

    private readonly Lazy<Storage> _stepNumbers;

    public override void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale)
    {
        ReadOnlySpan<float> values =
        [
            step.LearningRate / step.Correction1, step.Beta1, step.Beta2, step.Epsilon, 1 - step.LearningRate * step.WeightDecay,
            1 / MathF.Sqrt(step.Correction2),
        ];
        var numbers = new Handle(_stepNumbers.Value, 0);
        Upload(MemoryMarshal.AsBytes(values), numbers);
        foreach (var t in tensors)
            Each("adamw", t.Count, numbers, gradientScale, t.Parameter, t.Gradient, t.M, t.V, t.Count, t.Decays);
    }

    public override void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses)
    {
        // The sums of squares of each gradient, and then their sum.
        var squares = Rent(gradients.Length);
        for (var i = 0; i < gradients.Length; i++)
            Sum(gradients[i].Gradient, squares.Plus(i * sizeof(float)), 1, gradients[i].Count, 1, 1, squares: true, accumulate: false);
        Groups("gradient_norm", 1, squares, (long)gradients.Length, most, measured, (long)losses, Record);
        squares.Storage!.Release();
    }
}
