namespace Mezcla.Quantization.Formats;

/// <summary>
/// How GGML's K formats choose a group's scale. The search starts at the scale given by the largest magnitude and tries scales near it.
/// Each scale gives codes; the best factor for these codes is found by weighted least squares; and the candidate with the smallest weighted
/// error wins. The order of
/// the float operations is that of GGML's reference, so that the bytes are equal.
/// </summary>
internal static class ScaleSearch
{
    /// <summary>Groups of smaller magnitude count as zeros.</summary>
    public const float Tiny = 1e-15f;

    /// <summary>Rounds to the nearest integer, ties to even.</summary>
    public static int Nearest(float x) => (int)MathF.Round(x);

    public static int Nearest(float x, int low, int high) => Math.Clamp(Nearest(x), low, high);

    /// <summary>
    /// x ≈ scale·(code − levels), codes from 0 to 2·levels − 1, weights x². Nineteen inverse scales around −levels/max are tried (Q6_K).
    /// </summary>
    public static float Symmetric(ReadOnlySpan<float> x, int levels, Span<int> codes)
    {
        codes.Clear();
        var max = SignedMax(x);
        if (MathF.Abs(max) < Tiny)
            return 0;
        float scale = 0, best = 0;
        for (var trial = 0; trial < 19; trial++)
        {
            // The start, 0, then −9 to 9 without 0.
            var step = trial == 0 ? 0 : trial <= 9 ? trial - 10 : trial - 9;
            var inverse = step == 0 ? -levels / max : -(levels + 0.1f * step) / max;
            float xl = 0, ll = 0;
            for (var i = 0; i < x.Length; i++)
            {
                var code = Nearest(inverse * x[i], -levels, levels - 1);
                var weight = x[i] * x[i];
                xl += weight * x[i] * code;
                ll += weight * code * code;
            }
            if (trial > 0 && !(ll > 0 && xl * xl > best * ll))
                continue;
            for (var i = 0; i < x.Length; i++)
                codes[i] = levels + Nearest(inverse * x[i], -levels, levels - 1);
            scale = ll != 0 ? xl / ll : 0;
            best = scale * xl;
        }
        return scale;
    }

    /// <summary>
    /// x ≈ scale·(code − levels), weights x². The search starts at the scale given by the largest magnitude. Then each code in turn is
    /// moved if that lowers the error, for at most five rounds (Q3_K).
    /// </summary>
    public static float SymmetricByDescent(ReadOnlySpan<float> x, int levels, Span<int> codes)
    {
        codes.Clear();
        var max = SignedMax(x);
        if (MathF.Abs(max) < Tiny)
            return 0;
        var inverse = -levels / max;
        float xl = 0, ll = 0;
        for (var i = 0; i < x.Length; i++)
        {
            codes[i] = Nearest(inverse * x[i], -levels, levels - 1);
            var weight = x[i] * x[i];
            xl += weight * x[i] * codes[i];
            ll += weight * codes[i] * codes[i];
        }
        var changed = true;
        for (var round = 0; round < 5 && changed; round++)
        {
            changed = false;
            for (var i = 0; i < x.Length; i++)
            {
                var weight = x[i] * x[i];
                var xlWithout = xl - weight * x[i] * codes[i];
                if (!(xlWithout > 0))
                    continue;
                var llWithout = ll - weight * codes[i] * codes[i];
                var code = Nearest(x[i] * llWithout / xlWithout, -levels, levels - 1);
                if (code == codes[i])
                    continue;
                xlWithout += weight * x[i] * code;
                llWithout += weight * code * code;
                if (!(llWithout > 0 && xlWithout * xlWithout * ll > xl * xl * llWithout))
                    continue;
                (codes[i], xl, ll, changed) = (code, xlWithout, llWithout, true);
            }
        }
        for (var i = 0; i < x.Length; i++)
            codes[i] += levels;
        return ll > 0 ? xl / ll : 0;
    }

    /// <summary>
    /// x ≈ scale·code − minimum, codes from 0 to <paramref name="top"/>, minimum ≥ 0: inverse scales (start + 0.1·step + top)/(max − min),
    /// for each the least-squares scale and minimum (Q2_K, Q4_K, Q5_K).
    /// </summary>
    /// <param name="x">The group.</param>
    /// <param name="weights">Importance of each element.</param>
    /// <param name="top">The largest code.</param>
    /// <param name="start">First addition to <paramref name="top"/>.</param>
    /// <param name="steps">How many more are tried, 0.1 apart.</param>
    /// <param name="absolute">Whether the error is |difference| or its square.</param>
    /// <param name="codes">The codes chosen.</param>
    /// <param name="minimum">The minimum, which is subtracted.</param>
    public static float Affine(ReadOnlySpan<float> x, ReadOnlySpan<float> weights, int top, float start, int steps, bool absolute,
        Span<int> codes, out float minimum)
    {
        float min = x[0], max = x[0], sumW = weights[0], sumX = sumW * x[0];
        for (var i = 1; i < x.Length; i++)
        {
            min = x[i] < min ? x[i] : min;
            max = x[i] > max ? x[i] : max;
            sumW += weights[i];
            sumX += weights[i] * x[i];
        }
        if (min > 0)
            min = 0;
        if (max == min)
        {
            codes.Clear();
            minimum = -min;
            return 0;
        }
        float inverse = top / (max - min), scale = 1 / inverse, best = 0;
        for (var i = 0; i < x.Length; i++)
        {
            codes[i] = Nearest(inverse * (x[i] - min), 0, top);
            best += Weighted(scale * codes[i] + min - x[i], weights[i]);
        }
        Span<int> trial = stackalloc int[x.Length];
        for (var step = 0; step <= steps; step++)
        {
            // The codes of later candidates are taken from the best minimum so far.
            inverse = (start + 0.1f * step + top) / (max - min);
            float l = 0, ll = 0, xl = 0;
            for (var i = 0; i < x.Length; i++)
            {
                var code = trial[i] = Nearest(inverse * (x[i] - min), 0, top);
                l += weights[i] * code;
                ll += weights[i] * code * code;
                xl += weights[i] * code * x[i];
            }
            var determinant = sumW * ll - l * l;
            if (!(determinant > 0))
                continue;
            float thisScale = (sumW * xl - sumX * l) / determinant, thisMin = (ll * sumX - l * xl) / determinant;
            if (thisMin > 0)
                (thisMin, thisScale) = (0, xl / ll);
            var error = 0f;
            for (var i = 0; i < x.Length; i++)
                error += Weighted(thisScale * trial[i] + thisMin - x[i], weights[i]);
            if (!(error < best))
                continue;
            trial.CopyTo(codes);
            (best, scale, min) = (error, thisScale, thisMin);
        }
        minimum = -min;
        return scale;

        float Weighted(float difference, float weight) => weight * (absolute ? MathF.Abs(difference) : difference * difference);
    }

    private static float SignedMax(ReadOnlySpan<float> x)
    {
        var max = 0f;
        foreach (var value in x)
            if (MathF.Abs(value) > MathF.Abs(max))
                max = value;
        return max;
    }
}
