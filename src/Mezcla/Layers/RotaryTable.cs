namespace Mezcla.Layers;

/// <summary>
/// Cosines and sines of rotary positions (Su et al. 2021, eq. 15): pair i of a head is rotated by the angle m·θ^(−2i/h) at position m. Long
/// wavelengths are stretched if the configuration asks for it.
/// </summary>
public sealed class RotaryTable
{
    private readonly int _positions, _size;
    private readonly PositionConfig _config;
    private readonly Lock _gate = new();
    private (int Variant, Tensor Cosines, Tensor Sines)? _longer;

    private RotaryTable(int positions, int size, PositionConfig config)
    {
        (_positions, _size, _config) = (positions, size, config);
        (Cosines, Sines) = Angles(0, positions);
    }

    /// <summary>cos [positions, size/2]; where angles depend on the length of the text, those of the shortest texts.</summary>
    public Tensor Cosines { get; }

    /// <summary>sin [positions, size/2].</summary>
    public Tensor Sines { get; }

    /// <summary>The table for heads whose rotated part is <paramref name="size"/> wide.</summary>
    /// <param name="positions">Number of positions.</param>
    /// <param name="size">Width of the rotated part of a head.</param>
    /// <param name="config">Base and scaling.</param>
    public static RotaryTable Create(int positions, int size, PositionConfig config) => new(positions, size, config);

    /// <summary>Cosines and sines for a text of this many tokens.</summary>
    public (Tensor Cosines, Tensor Sines) Of(int length)
    {
        var variant = _config.Scaling?.Variant(length) ?? 0;
        if (variant == 0)
            return (Cosines, Sines);
        lock (_gate)
        {
            if (_longer is { } made && made.Variant == variant && made.Cosines.Device == Cosines.Device)
                return (made.Cosines, made.Sines);
            // All blocks share the table, and the next pass may need it too.
            using var outside = TensorScope.Suspend();
            var (cosines, sines) = Angles(length, _config.Scaling is DynamicScaling ? length : _positions);
            _longer = (variant, cosines.To(Cosines.Device), sines.To(Cosines.Device));
            return (_longer.Value.Cosines, _longer.Value.Sines);
        }
    }

    private (Tensor Cosines, Tensor Sines) Angles(int length, int positions)
    {
        var (frequencies, half) = (Frequencies(_size, _config, length), _size / 2);
        // YaRN's temperature on the logits (Peng et al. 2023, eq. 22) multiplies both rotated
        // vectors, so it appears squared in their product.
        var magnitude = _config.Scaling switch
        {
            YarnScaling yarn => yarn.Magnitude ?? 0.1 * Math.Log(yarn.Factor) + 1,
            LongRopeScaling rope => rope.Magnitude,
            _ => 1,
        };
        var (cosines, sines) = (new float[positions * half], new float[positions * half]);
        for (var position = 0; position < positions; position++)
            for (var i = 0; i < half; i++)
            {
                var (sine, cosine) = Math.SinCos(position * frequencies[i]);
                cosines[position * half + i] = (float)(magnitude * cosine);
                sines[position * half + i] = (float)(magnitude * sine);
            }

        return (Tensor.From(cosines, positions, half), Tensor.From(sines, positions, half));
    }

    /// <summary>Angle per position of each of the <paramref name="size"/>/2 pairs, in radians.</summary>
    public static double[] Frequencies(int size, PositionConfig config, int length = 0)
    {
        var frequencies = Enumerable.Range(0, size / 2).Select(i => Math.Pow(config.Theta, -2.0 * i / size)).ToArray();
        return config.Scaling switch
        {
            null => frequencies,
            LinearScaling linear => [.. frequencies.Select(f => f / linear.Factor)],
            Llama3Scaling llama => [.. frequencies.Select(f => Stretch(f, llama))],
            YarnScaling yarn => Stretch(frequencies, yarn, size, config.Theta),
            LongRopeScaling rope => [.. frequencies.Zip(length > rope.OriginalContext ? rope.Long : rope.Short, (f, factor) => f / factor)],
            DynamicScaling dynamic => Frequencies(size, new(PositionKind.Rotary, Grown(config.Theta, dynamic, size, length))),
            var other => throw new NotSupportedException($"Rotary scaling {other.GetType().Name} is not known."),
        };
    }

    private static double Grown(double theta, DynamicScaling scaling, int size, int length) => length <= scaling.OriginalContext
        ? theta
        : theta * Math.Pow(scaling.Factor * length / scaling.OriginalContext - (scaling.Factor - 1), size / (size - 2.0));

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
            : (Math.Floor(PairOf(scaling.Beta)), Math.Ceiling(PairOf(scaling.Alpha)));
        (low, high) = (Math.Max(0, low), Math.Min(size - 1, high));
        return [.. frequencies.Select((f, i) =>
        {
            var stretched = Math.Clamp((i - low) / Math.Max(0.001, high - low), 0, 1);
            return stretched * f / scaling.Factor + (1 - stretched) * f;
        })];
    }
}
