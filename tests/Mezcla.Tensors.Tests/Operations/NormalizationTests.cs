using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

public abstract partial class OperationTests
{
    [Property]
    public void Softmax(Shaped s)
    {
        var shape = AtLeast(s, 1);
        var axis = s.Pick(shape.Length);
        Check(s).Run(x => x.Softmax(axis), x => x.Along(axis, shape[axis], SoftmaxOf), Check(s).Random(shape, 5));
    }

    [Property]
    public void LogSoftmax(Shaped s)
    {
        var shape = AtLeast(s, 1);
        var axis = s.Pick(shape.Length);
        Check(s).Run(x => x.LogSoftmax(axis), x => x.Along(axis, shape[axis], line => [.. SoftmaxOf(line).Select(v => Math.Log(v))]),
            Check(s).Random(shape, 5));
    }

    [Property]
    public void LogSumExp(Shaped s)
    {
        var shape = AtLeast(s, 1, filled: true);
        var axis = s.Pick(shape.Length);
        var keep = s.Pick(2, 2) == 0;
        Check(s).Run(x => x.LogSumExp(axis, keep), x => x.Along(axis, 1, line => [Math.Log(line.Sum(Math.Exp))], keep),
            Check(s).Random(shape, 5));
    }

    [Fact]
    public void Softmax_subtracts_the_maximum()
    {
        var x = Tensor.From([1000f, 1001, float.NegativeInfinity]).To(Device);
        var y = x.Softmax().ToArray();
        Assert.Equal(1 / (1 + Math.E), y[0], 1e-6);
        Assert.Equal(Math.E / (1 + Math.E), y[1], 1e-6);
        Assert.Equal(0, y[2]);
        Assert.Equal(1001.3133f, x.LogSumExp().Item(), 1e-3);
        Assert.Equal(-1.3132617f, x.LogSoftmax().ToArray()[0], 1e-4);
    }

    [Property]
    public void CrossEntropy(Shaped s)
    {
        int[] shape = AtLeast(s, 1, filled: true), rows = shape[..^1];
        var n = shape[^1];
        int[] labels = [.. Choices(s, rows, n).Select((label, i) => i > 0 && s.Pick(4, i) == 0 ? -100 : label)];
        var smoothing = s.Pick(2, 3) == 0 ? 0 : 0.15f;
        Check(s).Run(x => x.CrossEntropy(Ids(labels, rows), smoothing: smoothing), x =>
        {
            double loss = 0;
            for (var r = 0; r < labels.Length; r++)
            {
                double[] logs = [.. SoftmaxOf(x.Values[(r * n)..((r + 1) * n)]).Select(v => Math.Log(v))];
                if (labels[r] >= 0)
                    loss -= (1 - smoothing) * logs[labels[r]] + smoothing * logs.Average();
            }
            return new Array64([], [loss / labels.Count(label => label >= 0)]);
        }, Check(s).Random(shape, 4));
    }

    // Held logits, disposed ones, and ones that something else needs too, which comes to the same; and twice where the history is kept.
    [Fact]
    public void Cross_entropy_gives_the_same_gradient_over_its_logits_as_beside_them()
    {
        float[] values = [.. Enumerable.Range(0, 21).Select(i => i * 7 % 11 * 0.3f)];
        var held = Gradient(dispose: false, other: false);
        Assert.Equal(held, Gradient(dispose: true, other: false));
        Assert.Equal(Gradient(dispose: false, other: true), Gradient(dispose: true, other: true));
        Assert.Equal(held.Select(g => 2 * g), Gradient(dispose: true, other: false, twice: true));

        float[] Gradient(bool dispose, bool other, bool twice = false)
        {
            var x = Tensor.From(values, 3, 7).To(Device);
            x.RequiresGrad = true;
            var logits = x * 2f;
            var loss = logits.CrossEntropy(Ids([6, -100, 2], 3));
            if (other)
                loss += logits.LogSumExp().Square().Sum();
            if (dispose)
                logits.Dispose();
            if (twice)
                loss.Backward(retainGraph: true);
            loss.Backward();
            return x.Grad!.ToArray();
        }
    }

    [Fact]
    public void Cross_entropy_where_no_label_counts_is_not_a_number()
        => Assert.Equal(float.NaN, Tensor.Zeros(2, 3).To(Device).CrossEntropy(Ids([-100, -100], 2)).Item());

    [Property]
    public void LayerNorm(Shaped s)
    {
        int[] shape = [.. AtLeast(s, 1)[..^1], 2 + s.Pick(35, 1)];
        var n = shape[^1];
        var check = Check(s);
        check.Run(t => t[0].LayerNorm(t[1], t[2], 1e-3f),
            a => Array64.Zip(Array64.Zip(Normal(a[0]), a[1], (p, q) => p * q), a[2], (p, q) => p + q), check.Random(shape),
            check.Random([n]), check.Random([n]));
        check.Run((x, w) => x.LayerNorm(w, null, 1e-3f), (x, w) => Array64.Zip(Normal(x), w, (p, q) => p * q), check.Random(shape),
            check.Random([n]));
        check.Run(x => x.LayerNorm(null, null, 1e-3f), Normal, check.Random(shape));

        Array64 Normal(Array64 x) => x.Along(shape.Length - 1, n, line =>
        {
            double mean = line.Average(), scale = 1 / Math.Sqrt(line.Sum(v => (v - mean) * (v - mean)) / n + 1e-3f);
            return [.. line.Select(v => (v - mean) * scale)];
        });
    }

    [Property]
    public void RmsNorm(Shaped s)
    {
        int[] shape = [.. AtLeast(s, 1)[..^1], 1 + s.Pick(35, 1)];
        var n = shape[^1];
        var check = Check(s);
        check.Run((x, w) => x.RmsNorm(w, 1e-3f), (x, w) => Array64.Zip(Normal(x), w, (p, q) => p * q), check.Random(shape),
            check.Random([n]));
        check.Run(x => x.RmsNorm(epsilon: 1e-3f), Normal, check.Random(shape));

        Array64 Normal(Array64 x) => x.Along(shape.Length - 1, n, line =>
        {
            var scale = 1 / Math.Sqrt(line.Sum(v => v * v) / n + 1e-3f);
            return [.. line.Select(v => v * scale)];
        });
    }

    [Property]
    public void RotaryEmbedding(Shaped s)
    {
        int size = 2 + s.Pick(9, 1), pairs = 1 + s.Pick(size / 2, 2), time = s.Pick(5, 3), heads = 1 + s.Pick(3, 4), start = s.Pick(4, 5);
        bool interleaved = s.Pick(2, 6) == 0, timeFirst = s.Pick(2, 7) == 0;
        var angles = new double[start + time, pairs];
        for (var p = 0; p < start + time; p++)
            for (var i = 0; i < pairs; i++)
                angles[p, i] = p * Math.Pow(10000, -i / (double)pairs);
        Array64 table(Func<double, double> f) => Array64.Of([start + time, pairs], at => f(angles[at[0], at[1]]));
        int[] shape = timeFirst ? [2, time, heads, size] : [2, heads, time, size];
        Check(s)
            .Run(x => x.RotaryEmbedding(Check(s).Place(table(Math.Cos)), Check(s).Place(table(Math.Sin)), interleaved, start,
                timeFirst ? -3 : -2), x => Array64.Of(shape, at =>
                {
                    int i = at[3], position = at[timeFirst ? 1 : 2] + start;
                    if (i >= 2 * pairs)
                        return x[at];
                    var pair = interleaved ? i / 2 : i % pairs;
                    var first = interleaved ? i % 2 == 0 : i < pairs;
                    double a = x[[.. at[..3], interleaved ? 2 * pair : pair]],
                        b = x[[.. at[..3], interleaved ? 2 * pair + 1 : pair + pairs]], angle = angles[position, pair];
                    return first ? a * Math.Cos(angle) - b * Math.Sin(angle) : a * Math.Sin(angle) + b * Math.Cos(angle);
                }), Check(s).Random(shape));
    }

    private static double[] SoftmaxOf(double[] line)
    {
        double max = line.DefaultIfEmpty().Max(), sum = line.Sum(v => Math.Exp(v - max));
        return [.. line.Select(v => Math.Exp(v - max) / sum)];
    }
}
