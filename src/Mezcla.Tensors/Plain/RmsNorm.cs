namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = x·inverse·weight with inverse = 1/√(mean x² + ε), of each row (Zhang and Sennrich, arXiv:1910.07467).</summary>
    public override void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon)
    {
        Numbers<float> from = Floats(x), weights = Floats(weight), to = Floats(y);
        for (long r = 0; r < rows; r++)
        {
            var squares = 0.0;
            for (long c = 0; c < n; c++)
                squares += (double)from[r * n + c] * from[r * n + c];
            var factor = 1 / Math.Sqrt(squares / n + epsilon);
            for (long c = 0; c < n; c++)
                to[r * n + c] = (float)(from[r * n + c] * factor * (weights.IsNull ? 1 : weights[c]));
            Floats(inverse)[r] = (float)factor;
        }
    }

    /// <summary>With x̂ = x·inverse and g = dy·weight: dx (+)= inverse·(g - x̂·mean(g·x̂)), dWeight (+)= Σ dy·x̂ over the rows.</summary>
    public override void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight)
        => LayerNormBackward(x, weight, default, inverse, dy, rows, n, dx, accumulateX, dWeight, accumulateWeight, default, false);
}
