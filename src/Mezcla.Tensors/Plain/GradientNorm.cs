namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// measured[losses] = √Σ g² over all gradients; measured[losses + 1] = the factor that makes this norm at most <paramref name="most"/>,
    /// NaN where the norm or one of the losses before it is not finite.
    /// </summary>
    public override void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses)
    {
        var squares = 0.0;
        foreach (var (gradient, count) in gradients)
            squares += Dot(Floats(gradient), 0, 1, Floats(gradient), 0, 1, count);
        var values = Floats(measured);
        values[losses] = (float)Math.Sqrt(squares);
        var factor = values[losses] > most ? most / values[losses] : 1;
        for (var i = 0; i <= losses; i++)
            if (!float.IsFinite(values[i]))
                factor = float.NaN;
        values[losses + 1] = factor;
    }
}
