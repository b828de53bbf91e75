namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = (x - mean)·inverse·weight + bias with inverse = 1/√(variance + ε), of each row (Ba et al., arXiv:1607.06450).</summary>
    public override void LayerNorm(Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n,
        float epsilon)
    {
        NumberSpan<float> from = Floats(x), to = Floats(y);
        for (long r = 0; r < rows; r++)
        {
            var start = r * n;
            // If there is no buffer for the means, this is RMS norm: the means are 0.
            var average = mean.IsNull ? 0 : Sum(n, c => from[start + c]) / n;
            var variance = Sum(n, c => (from[start + c] - average) * (from[start + c] - average)) / n;
            var factor = 1 / Math.Sqrt(variance + epsilon);
            for (long c = 0; c < n; c++)
                to[start + c] = (float)((from[start + c] - average) * factor * ValueOr(weight, c, 1) + ValueOr(bias, c, 0));
            if (!mean.IsNull)
                Floats(mean)[r] = (float)average;
            Floats(inverse)[r] = (float)factor;
        }
    }

    /// <summary>
    /// With x̂ = (x - mean)·inverse and g = dy·weight: dx (+)= inverse·(g - mean g - x̂·mean(g·x̂)), dWeight (+)=
    /// Σ dy·x̂ and dBias (+)= Σ dy over the rows.
    /// </summary>
    public override void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias)
    {
        double Normal(long i) => (Floats(x)[i] - (double)ValueOr(mean, i / n, 0)) * Floats(inverse)[i / n];
        double Weighted(long i) => Floats(dy)[i] * (double)ValueOr(weight, i % n, 1);
        for (long r = 0; r < rows && !dx.IsNull; r++)
        {
            var start = r * n;
            var sum = mean.IsNull ? 0 : Sum(n, c => Weighted(start + c));
            var product = Sum(n, c => Weighted(start + c) * Normal(start + c));
            for (var i = start; i < start + n; i++)
                Put(ref Floats(dx)[i], Floats(inverse)[r] * (Weighted(i) - sum / n - Normal(i) * product / n), accumulateX);
        }
        Put(dWeight, n, c => Sum(rows, r => Floats(dy)[r * n + c] * Normal(r * n + c)), accumulateWeight);
        Put(dBias, n, c => Sum(rows, r => Floats(dy)[r * n + c]), accumulateBias);
    }
}
