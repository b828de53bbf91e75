using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

internal sealed unsafe partial class TorchKernels
{
    public override void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale)
    {
        foreach (var decays in (ReadOnlySpan<bool>)[true, false])
        {
            var count = 0;
            foreach (ref readonly var tensor in tensors)
                count += tensor.Decays == decays && tensor.Count > 0 ? 1 : 0;
            if (count == 0)
                continue;
            nint[] parameters = new nint[count], gradients = new nint[count], m = new nint[count], v = new nint[count];
            var at = 0;
            foreach (ref readonly var tensor in tensors)
            {
                if (tensor.Decays != decays || tensor.Count == 0)
                    continue;
                Forget(tensor.Parameter);
                parameters[at] = Whole(tensor.Parameter, tensor.Count);
                gradients[at] = Whole(tensor.Gradient, tensor.Count);
                m[at] = Whole(tensor.M, tensor.Count);
                v[at++] = Whole(tensor.V, tensor.Count);
            }

            // rate/c₁ · m / (√(v/c₂) + ε) with the corrections c in the rate, in ε and, so that the decay stays what it is, in the decay.
            double root = Math.Sqrt(step.Correction2), rate = step.LearningRate * root / step.Correction1;
            _script.Run("adamw"u8, Argument.List(parameters), Argument.List(gradients), Argument.List(m), Argument.List(v), rate,
                (double)step.Beta1, (double)step.Beta2,
                decays ? step.WeightDecay * step.Correction1 / root : 0.0, step.Epsilon * root, F(gradientScale, 1));
        }
    }

    public override void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses)
    {
        var views = new nint[gradients.Length];
        var at = 0;
        foreach (var (gradient, count) in gradients)
            if (count > 0)
                views[at++] = Whole(gradient, count);
        if (at == 0)
        {
            Fill(measured.Plus(losses * sizeof(float)), 1, 0);
            Fill(measured.Plus((losses + 1) * sizeof(float)), 1, 1);
            return;
        }

        Run("gradient_norm"u8, measured, Argument.List(views.AsSpan(0, at)), most, F(measured, losses + 2), losses, Record);
    }

    private static nint Whole(Handle handle, long count) => Raw(handle, Block.Float32, [count], [1]);
}
