namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = x·inverse·weight with inverse = 1/√(mean x² + ε), of each row: layer norm with a mean of 0 (Zhang and Sennrich,
    /// arXiv:1910.07467).</summary>
    public override void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon)
        => LayerNorm(x, weight, default, y, default, inverse, rows, n, epsilon);

    /// <summary>With x̂ = x·inverse and g = dy·weight: dx (+)= inverse·(g - x̂·mean(g·x̂)), dWeight (+)= Σ dy·x̂ over the rows.</summary>
    public override void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight)
        => LayerNormBackward(x, weight, default, inverse, dy, rows, n, dx, accumulateX, dWeight, accumulateWeight, default, false);
}
