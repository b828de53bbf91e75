namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = (x - mean)·inverse·weight + bias with inverse = 1/√(variance + ε), of each row (Ba et al., arXiv:1607.06450).</summary>
    public override void LayerNorm(
        Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n, float epsilon)
    {
        Numbers<float> from = Floats(x), weights = Floats(weight), biases = Floats(bias), to = Floats(y);
        for (long r = 0; r < rows; r++)
        {
            double sum = 0, squares = 0;
            for (long c = 0; c < n; c++)
                sum += from[r * n + c];
            var average = sum / n;
            for (long c = 0; c < n; c++)
                squares += (from[r * n + c] - average) * (from[r * n + c] - average);
            var factor = 1 / Math.Sqrt(squares / n + epsilon);
            for (long c = 0; c < n; c++)
            {
                var normal = (from[r * n + c] - average) * factor;
                to[r * n + c] = (float)(normal * (weights.IsNull ? 1 : weights[c]) + (biases.IsNull ? 0 : biases[c]));
            }
            Floats(mean)[r] = (float)average;
            Floats(inverse)[r] = (float)factor;
        }
    }

    /// <summary>
    /// With x̂ = (x - mean)·inverse and g = dy·weight: dx (+)= inverse·(g - mean g - x̂·mean(g·x̂)), dWeight (+)= Σ dy·x̂ and dBias (+)= Σ dy over
    /// the rows.
    /// </summary>
    public override void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias)
    {
        Numbers<float> from = Floats(x), weights = Floats(weight), gradient = Floats(dy), means = Floats(mean), factors = Floats(inverse);
        var (weightSums, biasSums) = (new double[n], new double[n]);
        for (long r = 0; r < rows; r++)
        {
            double[] normal = new double[n], g = new double[n];
            double sum = 0, product = 0;
            for (long c = 0; c < n; c++)
            {
                // RMS norm has no means: it is layer norm with a mean of 0.
                normal[c] = (from[r * n + c] - (means.IsNull ? 0.0 : means[r])) * factors[r];
                g[c] = gradient[r * n + c] * (weights.IsNull ? 1.0 : weights[c]);
                sum += means.IsNull ? 0 : g[c];
                product += g[c] * normal[c];
                weightSums[c] += gradient[r * n + c] * normal[c];
                biasSums[c] += gradient[r * n + c];
            }
            for (long c = 0; c < n && !dx.IsNull; c++)
                Put(ref Floats(dx)[r * n + c], factors[r] * (g[c] - sum / n - normal[c] * product / n), accumulateX);
        }
        for (long c = 0; c < n && !dWeight.IsNull; c++)
            Put(ref Floats(dWeight)[c], weightSums[c], accumulateWeight);
        for (long c = 0; c < n && !dBias.IsNull; c++)
            Put(ref Floats(dBias)[c], biasSums[c], accumulateBias);
    }
}
