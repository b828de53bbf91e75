namespace Mezcla.Layers;

/// <summary>
/// Cosines and sines of rotary positions (Su et al. 2021, eq. 15): pair i of a head is rotated by the angle m·θ^(−2i/h) at position m. Long
/// wavelengths are stretched if the configuration asks for it.
/// </summary>
public sealed class RotaryTable
{
    private RotaryTable(Tensor cosines, Tensor sines) => (Cosines, Sines) = (cosines, sines);

    /// <summary>cos [positions, size/2].</summary>
    public Tensor Cosines { get; }

    /// <summary>sin [positions, size/2].</summary>
    public Tensor Sines { get; }

    /// <summary>The table for heads whose rotated part is <paramref name="size"/> wide.</summary>
    public static RotaryTable Create(int positions, int size, PositionConfig config)
    {
        var (frequencies, half) = (Frequencies(size, config), size / 2);
        // YaRN's temperature on the logits (Peng et al. 2023, eq. 22) multiplies both rotated
        // vectors, so it appears squared in their product.
        var magnitude = config.Scaling is YarnScaling yarn ? yarn.Magnitude ?? 0.1 * Math.Log(yarn.Factor) + 1 : 1;
        var (cosines, sines) = (new float[positions * half], new float[positions * half]);
        for (var position = 0; position < positions; position++)
            for (var i = 0; i < half; i++)
            {
                var (sine, cosine) = Math.SinCos(position * frequencies[i]);
                cosines[position * half + i] = (float)(magnitude * cosine);
                sines[position * half + i] = (float)(magnitude * sine);
            }

        return new(Tensor.From(cosines, positions, half), Tensor.From(sines, positions, half));
    }

    /// <summary>Angle per position of each of the <paramref name="size"/>/2 pairs, in radians.</summary>
    public static double[] Frequencies(int size, PositionConfig config)
    {
        var frequencies = Enumerable.Range(0, size / 2).Select(i => Math.Pow(config.Theta, -2.0 * i / size)).ToArray();
        return config.Scaling switch
        {
            null => frequencies,
            LinearScaling linear => [.. frequencies.Select(f => f / linear.Factor)],
            Llama3Scaling llama => [.. frequencies.Select(f => Stretch(f, llama))],
            YarnScaling yarn => Stretch(frequencies, yarn, size, config.Theta),
            var other => throw new NotSupportedException($"Rotary scaling {other.GetType().Name} is not known."),
        };
    }

    private static double Stretch(double frequency, Llama3Scaling scaling)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength > scaling.OriginalContext / scaling.LowFrequencyFactor)
            return frequency / scaling.Factor;
        if (wavelength < scaling.OriginalContext / scaling.HighFrequencyFactor)
            return frequency;
        var smooth = (scaling.OriginalContext / wavelength - scaling.LowFrequencyFactor)
            / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - smooth) * frequency / scaling.Factor + smooth * frequency;
    }

    private static double[] Stretch(double[] frequencies, YarnScaling scaling, int size, double theta)
    {
        // The index of the pair that makes `turns` full rotations over the original context.
        double PairOf(double turns) => size / 2.0 * Math.Log(scaling.OriginalContext / (turns * 2 * Math.PI)) / Math.Log(theta);
        var (low, high) = !scaling.Truncate ? (PairOf(scaling.Beta), PairOf(scaling.Alpha))
            : (Math.Max(0, Math.Floor(PairOf(scaling.Beta))), Math.Min(size - 1, Math.Ceiling(PairOf(scaling.Alpha))));
        return [.. frequencies.Select((f, i) =>
        {
            var stretched = Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            return stretched * f / scaling.Factor + (1 - stretched) * f;
        })];
    }
}
