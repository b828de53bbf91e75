namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// measured[losses] = √Σ g² over all gradients; measured[losses + 1] = the factor that makes this norm at most
    /// <paramref name="most"/>, NaN where the norm or one of the losses before it is not finite.
    /// </summary>
    public override void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses)
    {
        var squares = 0.0;
        foreach (var (gradient, count) in gradients)
            for (long i = 0; i < count; i++)
                squares += (double)Floats(gradient)[i] * Floats(gradient)[i];
        var values = Floats(measured);
        var norm = (float)Math.Sqrt(squares);
        var finite = float.IsFinite(norm);
        for (var i = 0; i < losses; i++)
            finite &= float.IsFinite(values[i]);
        values[losses] = norm;
        values[losses + 1] = !finite ? float.NaN : norm > most ? most / norm : 1;
    }
}
