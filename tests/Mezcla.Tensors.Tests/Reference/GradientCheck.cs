namespace Mezcla.Tensors.Tests.Reference;

/// <summary>
/// Holds an operation against a float64 reference: its values, and its derivatives against central differences of the reference,
/// first written into fresh gradients, then added to gradients that already hold
/// something. Of a large input a sample of the elements is moved.
/// </summary>
/// <remarks>
/// Tolerances are relative to the largest number compared: values carry a few roundings of Float32 (6e-8 each), sums of them grow with
/// their length; the differences themselves are good to about 1e-9 with a step of 1e-5.
/// </remarks>
public sealed class GradientCheck(Device device, int seed)
{
    private const double Step = 1e-5;
    private const int Sample = 16;

    private readonly Random _random = new(seed);

    public double ValueTolerance { get; init; } = 2e-5;

    public double GradientTolerance { get; init; } = 2e-4;

    /// <summary>Uniform in ±range.</summary>
    public Array64 Random(int[] shape, double range = 2) => Array64.Of(shape, _ => (float)((_random.NextDouble() * 2 - 1) * range));

    /// <summary>At least <paramref name="gap"/> from zero: for functions with a kink or a pole there.</summary>
    public Array64 AwayFromZero(int[] shape, double gap = 0.1) => Random(shape).Map(v => v >= 0 ? (float)(v + gap) : (float)(v - gap));

    public Array64 Positive(int[] shape) => Random(shape).Map(v => (float)(Math.Abs(v) + 0.1));

    /// <summary>No two closer than 0.05: for functions that choose.</summary>
    public Array64 Distinct(int[] shape)
    {
        var result = new Array64(shape);
        int[] order = [.. Enumerable.Range(0, result.Values.Length)];
        _random.Shuffle(order);
        for (var i = 0; i < order.Length; i++)
            result.Values[i] = (float)((order[i] - order.Length / 2) * 0.05);
        return result;
    }

    /// <summary>A tensor on the device; half the time a view that begins between two aligned addresses.</summary>
    public Tensor Place(Array64 values)
    {
        float[] numbers = [.. values.Values.Select(v => (float)v)];
        if (_random.Next(2) == 0)
            return Tensor.From(numbers, values.Shape).To(device);
        var gap = _random.Next(1, 5);
        var padded = new float[numbers.Length + gap];
        numbers.CopyTo(padded, gap);
        return Tensor.From(padded, padded.Length).To(device).Slice(0, gap).Reshape(values.Shape);
    }

    public void Run(Func<Tensor, Tensor> operation, Func<Array64, Array64> reference, Array64 x)
        => Run(t => operation(t[0]), a => reference(a[0]), [x]);

    public void Run(Func<Tensor, Tensor, Tensor> operation, Func<Array64, Array64, Array64> reference, Array64 x, Array64 y)
        => Run(t => operation(t[0], t[1]), a => reference(a[0], a[1]), [x, y]);

    public void Run(Func<Tensor[], Tensor> operation, Func<Array64[], Array64> reference, params Array64[] inputs)
    {
        using var scope = new TensorScope();
        var expected = reference(inputs);
        var weights = Random(expected.Shape, 1);
        (int At, double Slope)[][] slopes = [.. inputs.Select((input, i) => Differences(reference, inputs, i, weights))];

        // Fresh leaves, as many as do not all require a gradient.
        for (var without = -1; without < (inputs.Length > 1 ? inputs.Length : 0); without++)
        {
            Tensor[] leaves = [.. inputs.Select(Place)];
            for (var i = 0; i < leaves.Length; i++)
                leaves[i].RequiresGrad = i != without;
            var result = operation(leaves);
            Same("value", expected, result, ValueTolerance);
            result.Backward(Place(weights));
            for (var i = 0; i < leaves.Length; i++)
                if (i != without)
                    SameSlopes($"gradient of input {i}", slopes[i], leaves[i].Grad!, 1, 0);
                else
                    Assert.Null(leaves[i].Grad);
        }

        // A later use of each input, of weight 0.5, is differentiated first: the operation adds to what is there.
        Tensor[] origins = [.. inputs.Select(Place)];
        foreach (var origin in origins)
            origin.RequiresGrad = true;
        Tensor[] operands = [.. origins.Select(origin => origin * 2f * 0.5f)];
        var total = (operation(operands) * Place(weights)).Sum();
        foreach (var operand in operands)
            total += operand.Sum() * 0.5f;
        total.Backward(retainGraph: true);
        for (var i = 0; i < origins.Length; i++)
            SameSlopes($"added gradient of input {i}", slopes[i], origins[i].Grad!, 1, 0.5);
        total.Backward();
        for (var i = 0; i < origins.Length; i++)
            SameSlopes($"gradient of input {i} after a second pass", slopes[i], origins[i].Grad!, 2, 1);
    }

    private void SameSlopes(string what, (int At, double Slope)[] slopes, Tensor gradient, double factor, double added)
    {
        var values = gradient.ToArray();
        var tolerance = GradientTolerance * (1 + slopes.Select(s => Math.Abs(s.Slope)).DefaultIfEmpty().Max()) * factor;
        foreach (var (at, slope) in slopes)
            Assert.True(Math.Abs(values[at] - (factor * slope + added)) <= tolerance,
                $"{what}: element {at} is {values[at]}, not {factor * slope + added} (tolerance {tolerance}).");
    }

    public static void Same(string what, Array64 expected, Tensor actual, double tolerance)
    {
        Assert.True(actual.Shape.SequenceEqual(expected.Shape),
            $"{what}: the shape is [{string.Join(", ", actual.Shape.ToArray())}], not [{string.Join(", ", expected.Shape)}].");
        var values = actual.ToArray();
        var scale = 1 + expected.Values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        for (var i = 0; i < values.Length; i++)
        {
            var wanted = expected.Values[i];
            var same = double.IsFinite(wanted) ? Math.Abs(values[i] - wanted) <= tolerance * scale : values[i].Equals((float)wanted);
            Assert.True(same,
                $"{what}: element {i} of [{string.Join(", ", expected.Shape)}] is {values[i]}, not {wanted} " +
                    $"(tolerance {tolerance * scale}).");
        }
    }

    // Central differences of Σ weights·reference with respect to elements of one input.
    private (int At, double Slope)[] Differences(Func<Array64[], Array64> reference, Array64[] inputs, int which, Array64 weights)
    {
        Array64[] moved = [.. inputs];
        moved[which] = new Array64(inputs[which].Shape, [.. inputs[which].Values]);
        int[] places = [.. Enumerable.Range(0, inputs[which].Values.Length)];
        _random.Shuffle(places);
        var slopes = new (int, double)[Math.Min(places.Length, Sample)];
        for (var i = 0; i < slopes.Length; i++)
        {
            var place = places[i];
            var at = moved[which].Values[place];
            slopes[i] = (place, (Weighted(at + Step) - Weighted(at - Step)) / (2 * Step));
            moved[which].Values[place] = at;

            double Weighted(double value)
            {
                moved[which].Values[place] = value;
                var y = reference(moved);
                double sum = 0;
                for (var j = 0; j < y.Values.Length; j++)
                    sum += y.Values[j] * weights.Values[j];
                return sum;
            }
        }
        return slopes;
    }
}
