using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Tensors.Tests.Cpu;

[Collection(KernelCollection.Name)]
public sealed unsafe class RowKernelTests
{
    public static TheoryData<int, int> Sizes() => new() { { 0, 5 }, { 1, 1 }, { 3, 15 }, { 2, 16 }, { 5, 33 }, { 70, 128 }, { 3, 20001 }, { 300, 7 } };

    private static double[] Row(float[] x, int row, int n) => [.. x.Skip(row * n).Take(n).Select(v => (double)v)];

    private static double LogSumExp(double[] x)
    {
        var max = x.Max();
        return max + Math.Log(x.Sum(v => Math.Exp(v - max)));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Softmax_and_its_logarithm_and_gradients(int rows, int n)
    {
        var x = KernelTest.Random(rows * n, 1, -20, 20);
        var g = KernelTest.Random(rows * n, 2);
        foreach (var log in new[] { false, true })
        {
            double[] y = [], dx = [], lse = [], spread = [];
            for (var r = 0; r < rows; r++)
            {
                double[] row = Row(x, r, n), gradient = Row(g, r, n);
                var total = LogSumExp(row);
                double[] p = [.. row.Select(v => Math.Exp(v - total))];
                y = [.. y, .. log ? row.Select(v => v - total) : p];
                var sum = log ? gradient.Sum() : gradient.Zip(p, (a, b) => a * b).Sum();
                dx = [.. dx, .. gradient.Select((d, i) => log ? d - p[i] * sum : p[i] * (d - sum))];
                lse = [.. lse, total];
                spread = [.. spread, .. p.Select(v => v * g[r])];
            }
            var actual = KernelTest.OnEveryPath(() =>
            {
                using Guarded input = new(x), gradient = new(g), output = new(rows * n), back = new(rows * n, 1), sums = new(rows), other = new(rows * n);
                SoftmaxKernels.Forward(input, output, rows, n, log);
                SoftmaxKernels.Backward(output, gradient, back, rows, n, log, accumulate: true);
                SoftmaxKernels.LogSumExp(input, sums, rows, n);
                SoftmaxKernels.LogSumExpBackward(input, sums, gradient, other, rows, n, accumulate: false);
                return [.. output.ToArray(), .. back.ToArray(), .. sums.ToArray(), .. other.ToArray()];
            });
            KernelTest.Close([.. y, .. dx.Select(v => v + 1), .. lse, .. spread], actual, 5e-6, 1);
        }
    }

    [Fact]
    public void Rows_of_minus_infinity_have_the_logarithm_of_nothing()
    {
        using Guarded x = new(40, float.NegativeInfinity), sums = new(2);
        SoftmaxKernels.LogSumExp(x, sums, 2, 20);
        Assert.Equal([float.NegativeInfinity, float.NegativeInfinity], sums.ToArray());
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Cross_entropy_and_its_gradient(int rows, int n)
    {
        var x = KernelTest.Random(rows * n, 1, -20, 20);
        var random = new Random(3);
        var labels = Enumerable.Range(0, rows).Select(r => r % 4 == 3 ? -100 : random.Next(n)).ToArray();
        foreach (var smoothing in new[] { 0f, 0.1f })
        {
            var count = labels.Count(label => label >= 0);
            var loss = 0.0;
            var dx = new double[rows * n];
            for (var r = 0; r < rows; r++)
            {
                if (labels[r] < 0) continue;
                var row = Row(x, r, n);
                var total = LogSumExp(row);
                loss += ((1 - smoothing) * (total - row[labels[r]]) + smoothing * (total - row.Average())) / count;
                for (var i = 0; i < n; i++)
                    dx[r * n + i] = 3.0 / count * (Math.Exp(row[i] - total) - smoothing / n - (i == labels[r] ? 1 - smoothing : 0));
            }
            foreach (var accumulate in new[] { false, true })
            {
                var actual = KernelTest.OnEveryPath(() =>
                {
                    using Guarded input = new(x), sums = new(rows), result = new(2), back = new(rows * n, accumulate ? 1 : float.NaN);
                    fixed (int* label = labels)
                    {
                        Assert.Equal(-1, CrossEntropyKernels.Forward(input, label, sums, result, rows, n, -100, smoothing));
                        CrossEntropyKernels.Backward(input, label, sums, result.Start[1], 3, back, rows, n, -100, smoothing, accumulate);
                        // The logits may give way to their gradient.
                        if (!accumulate)
                        {
                            CrossEntropyKernels.Backward(input, label, sums, result.Start[1], 3, input, rows, n, -100, smoothing, accumulate);
                            KernelTest.SameBits(back.ToArray(), input.ToArray(), "in place and not");
                        }
                    }
                    return [.. result.ToArray(), .. back.ToArray()];
                });
                if (count > 0) KernelTest.Close([loss, count], actual[..2], 1e-6, 1);
                else Assert.True(float.IsNaN(actual[0]));
                KernelTest.Close([.. dx.Select(v => v + (accumulate ? 1 : 0))], actual[2..], 1e-6, 1);
            }
        }
    }

    [Fact]
    public void A_label_outside_is_found_before_anything_is_read()
    {
        using Guarded x = new(12, 0), sums = new(4), loss = new(2);
        var labels = stackalloc int[4] { 0, -100, 3, -1 };
        Assert.Equal(2, CrossEntropyKernels.Forward(x, labels, sums, loss, 4, 3, -100, 0));
        labels[2] = 2;
        Assert.Equal(3, CrossEntropyKernels.Forward(x, labels, sums, loss, 4, 3, -100, 0));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Norms_and_their_gradients(int rows, int n)
    {
        var x = KernelTest.Random(rows * n, 1, -1, 3);
        var g = KernelTest.Random(rows * n, 2);
        var (weight, bias) = (KernelTest.Random(n, 3), KernelTest.Random(n, 4));
        const double epsilon = 1e-2;
        foreach (var centred in new[] { false, true })
            foreach (var affine in new[] { false, true })
            {
                double[] y = new double[x.Length], dx = new double[x.Length], dw = new double[n], db = new double[n];
                for (var r = 0; r < rows; r++)
                {
                    double[] row = Row(x, r, n), dy = Row(g, r, n);
                    var mean = centred ? row.Average() : 0;
                    var inverse = 1 / Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + epsilon);
                    double[] normal = [.. row.Select(v => (v - mean) * inverse)], weighted = [.. dy.Select((d, i) => d * (affine ? weight[i] : 1))];
                    var (sum, product) = (centred ? weighted.Average() : 0, weighted.Zip(normal, (a, b) => a * b).Average());
                    for (var i = 0; i < n; i++)
                    {
                        y[r * n + i] = normal[i] * (affine ? weight[i] : 1) + (affine && centred ? bias[i] : 0);
                        dx[r * n + i] = inverse * (weighted[i] - sum - normal[i] * product);
                        dw[i] += dy[i] * normal[i];
                        db[i] += dy[i];
                    }
                }
                var actual = KernelTest.OnEveryPath(() =>
                {
                    using Guarded input = new(x), w = new(weight), b = new(bias), gradient = new(g), output = new(x.Length), mean = new(rows), inverse = new(rows);
                    using Guarded back = new(x.Length, 1), backWeight = new(n, 2), backBias = new(n);
                    float* means = centred ? mean.Start : null;
                    NormKernels.Forward(input, affine ? w.Start : null, affine && centred ? b.Start : null, output, means, inverse, rows, n, (float)epsilon);
                    NormKernels.Backward(input, affine ? w.Start : null, means, inverse, gradient, rows, n, back, true, backWeight, true, backBias, false);
                    return [.. output.ToArray(), .. back.ToArray(), .. backWeight.ToArray(), .. backBias.ToArray()];
                });
                KernelTest.Close([.. y, .. dx.Select(v => v + 1), .. dw.Select(v => v + 2), .. db], actual, 5e-6, 5, $"centred {centred}, affine {affine}");
            }
    }

    [Theory]
    [InlineData(8, 8, true, 0)]
    [InlineData(70, 70, false, 3)]
    [InlineData(20, 12, true, 1)]
    [InlineData(80, 36, false, 0)]
    public void Rotation_turns_pairs_and_back(int size, int rotated, bool interleaved, int start)
    {
        var layout = new RotaryLayout(2, 3, 5, size, rotated, interleaved, start);
        var x = KernelTest.Random(30 * size, 1);
        var angles = KernelTest.Random(10 * (rotated / 2), 2, -3, 3);
        var (cos, sin) = (angles.Select(MathF.Cos).ToArray(), angles.Select(MathF.Sin).ToArray());
        double[] expected = [.. x];
        for (var row = 0; row < 30; row++)
            for (var i = 0; i < rotated / 2; i++)
            {
                var angle = (row / 5 % 3 + start) * (rotated / 2) + i;
                var (first, second) = interleaved ? (2 * i, 2 * i + 1) : (i, i + rotated / 2);
                double a = x[row * size + first], b = x[row * size + second];
                expected[row * size + first] = a * cos[angle] - b * sin[angle];
                expected[row * size + second] = a * sin[angle] + b * cos[angle];
            }
        var actual = KernelTest.OnEveryPath(() =>
        {
            using Guarded input = new(x), c = new(cos), s = new(sin), turned = new(x.Length), back = new(x.Length, 1);
            RotaryKernels.Run(input, c, s, turned, layout, false, false);
            RotaryKernels.Run(turned, c, s, back, layout, true, true);
            return [.. turned.ToArray(), .. back.ToArray()];
        });
        KernelTest.Close([.. expected, .. x.Select(v => v + 1.0)], actual, 1e-6, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    [InlineData(70001)]
    public void AdamW_takes_the_step_of_its_paper(int n)
    {
        var (p, g, m, v) = (KernelTest.Random(n, 1), KernelTest.Random(n, 2), KernelTest.Random(n, 3), KernelTest.Random(n, 4, 0, 1));
        var step = new AdamWStep(0.1f, 0.9f, 0.99f, 1e-3f, 0.05f, 0.3f, 0.2f, 0.5f);
        double[] first = [.. m.Select((x, i) => 0.9 * x + 0.1 * 0.5 * g[i])], second = [.. v.Select((x, i) => 0.99 * x + 0.01 * 0.25 * g[i] * g[i])];
        double[] moved = [.. p.Select((x, i) => x * (1 - 0.1 * 0.05) - 0.1 * (first[i] / 0.3) / (Math.Sqrt(second[i] / 0.2) + 1e-3))];
        var actual = KernelTest.OnEveryPath(() =>
        {
            using Guarded parameters = new(p), gradients = new(g), means = new(m), squares = new(v);
            AdamWKernel.Run(parameters, gradients, means, squares, n, step);
            return [.. parameters.ToArray(), .. means.ToArray(), .. squares.ToArray()];
        });
        KernelTest.Close([.. moved, .. first, .. second], actual, 2e-6, 1);
    }
}
