using FsCheck.Xunit;
using Mezcla.Tensors.Cpu;
using Mezcla.Tensors.Devices;
using static Mezcla.Tensors.Tests.Cpu.AgainstPlain;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>Kernels of rows [rows, n] on the CPU and on the plain device. The
/// tolerances are those of sums in float of up to 40,000 terms.</summary>
[Collection(KernelCollection.Name)]
[Properties(Arbitrary = [typeof(KernelSizes)], MaxTest = 25, QuietOnSuccess = true)]
public sealed class RowKernelTests
{
    [Property]
    public void Softmax_and_its_logarithm_and_gradients(Sized s)
    {
        var (rows, n, all) = (s.Outer, s.N, s.Outer * s.N);
        var x = s.Floats(all, 1, -20, 20);
        foreach (var log in new[] { false, true })
            Check(5e-6, [x, Unwritten(all), s.Floats(all, 2), s.Floats(all, 3)], (k, h) =>
            {
                k.Softmax(h[0], h[1], rows, n, log);
                k.SoftmaxBackward(h[1], h[2], h[3], rows, n, log, accumulate: s.Is(1));
            });
        Check(5e-6, [x, Unwritten(rows), s.Floats(rows, 4), s.Floats(all, 5)], (k, h) =>
        {
            k.LogSumExp(h[0], h[1], rows, n);
            k.LogSumExpBackward(h[0], h[1], h[2], h[3], rows, n, accumulate: s.Is(1));
        });
    }

    [Property]
    public void Softmax_of_rows_with_infinities_and_NaN(Sized s)
    {
        float[] x = [.. s.Floats(s.Outer * s.N, 1).Select((value, i) => s.Pick(6, i / Math.Max(1, s.N)) switch
        {
            0 => float.NegativeInfinity,
            1 when i % 3 == 0 => float.NegativeInfinity,
            2 when i % 5 == 0 => float.NaN,
            3 when i % 5 == 0 => float.PositiveInfinity,
            _ => value,
        })];
        Check(5e-6, [x, Unwritten(x.Length), Unwritten(x.Length), Unwritten(s.Outer)], (k, h) =>
        {
            k.Softmax(h[0], h[1], s.Outer, s.N, log: false);
            k.Softmax(h[0], h[2], s.Outer, s.N, log: true);
            k.LogSumExp(h[0], h[3], s.Outer, s.N);
        });
    }

    [Property]
    public void Cross_entropy_and_its_gradient(Sized s)
    {
        var (rows, n, all) = (s.Outer, Math.Max(1, s.N), s.Outer * Math.Max(1, s.N));
        int[] labels = [.. s.Ints(rows, 1, 0, n).Select((label, r) => r % 4 == 3 ? -100 : label)];
        foreach (var smoothing in new[] { 0f, 0.1f })
        {
            Check(1e-6, [s.Floats(all, 2, -20, 20), labels, Unwritten(rows), Unwritten(2)],
                (k, h) => k.CrossEntropy(h[0], h[1], h[2], h[3], rows, n, -100, smoothing, default));
            // The unit in the last place of an lse above 16 is 1.9e-6: where the two round
            // differently, probabilities differ by as much, times a gradient of 3.
            foreach (var accumulate in new[] { false, true })
                Check(6e-6, [s.Floats(all, 2, -20, 20), labels, Unwritten(rows), Unwritten(2), new float[] { 3 }, s.Floats(all, 3)],
                    (k, h) =>
                {
                    Assert.Equal(-1, k.CrossEntropy(h[0], h[1], h[2], h[3], rows, n, -100, smoothing, default));
                    k.CrossEntropyBackward(h[0], h[1], h[2], h[3], h[4], h[5], rows, n, -100, smoothing, accumulate);
                    // The logits may give way to their gradient.
                    if (!accumulate)
                        k.CrossEntropyBackward(h[0], h[1], h[2], h[3], h[4], h[0], rows, n, -100, smoothing, accumulate);
                });
        }
    }

    [Fact]
    public void A_label_outside_is_found_before_anything_is_read()
    {
        foreach (var (third, place) in new[] { (3, 2L), (2, 3L) })
            foreach (var device in new[] { Device.Cpu, Device.Plain })
                Check(0, [new float[12], new[] { 0, -100, third, -1 }, Unwritten(4), Unwritten(2)],
                    (k, h) =>
                    {
                        var found = k.CrossEntropy(h[0], h[1], h[2], h[3], 4, 3, -100, 0, default);
                        Assert.Equal(place, found);
                        return found;
                    });
    }

    [Property]
    public void Norms_and_their_gradients(Sized s)
    {
        var (rows, n, all) = (s.Outer, Math.Max(1, s.N), s.Outer * Math.Max(1, s.N));
        var weight = s.Is(1) ? s.Floats(n, 1) : null;
        var bias = s.Is(2) ? s.Floats(n, 2) : null;
        float[]? dx = s.Pick(3, 3) > 0 ? s.Floats(all, 3) : null, dWeight = s.Pick(3, 4) > 0
            ? s.Floats(n, 4)
            : null, dBias = s.Pick(3, 5) > 0 ? s.Floats(n, 5) : null;
        Check(5e-6,
            [s.Floats(all, 6, -1, 3), weight, bias, Unwritten(all), Unwritten(rows), Unwritten(rows), s.Floats(all, 7), dx, dWeight, dBias],
            (k, h) =>
        {
            k.LayerNorm(h[0], h[1], h[2], h[3], h[4], h[5], rows, n, 1e-2f);
            k.LayerNormBackward(h[0], h[1], h[4], h[5], h[6], rows, n, h[7], s.Is(8), h[8], s.Is(9), h[9], s.Is(10));
        }, scale: 5);
        Check(5e-6, [s.Floats(all, 6, -1, 3), weight, Unwritten(all), Unwritten(rows), s.Floats(all, 7), dx, dWeight], (k, h) =>
        {
            k.RmsNorm(h[0], h[1], h[2], h[3], rows, n, 1e-2f);
            k.RmsNormBackward(h[0], h[1], h[3], h[4], rows, n, h[5], s.Is(8), h[6], s.Is(9));
        }, scale: 5);
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
        Check(1e-6,
            [x, angles.Select(MathF.Cos).ToArray(), angles.Select(MathF.Sin).ToArray(), Unwritten(x.Length),
                KernelTest.Random(x.Length, 3)], (k, h) =>
        {
            k.Rotary(h[0], h[1], h[2], h[3], layout, inverse: false, accumulate: false);
            k.Rotary(h[3], h[1], h[2], h[4], layout, inverse: true, accumulate: true);
            var back = new float[x.Length];
            k.Rotary(h[3], h[1], h[2], h[3], layout, inverse: true, accumulate: false);
            k.Download(h[3], System.Runtime.InteropServices.MemoryMarshal.AsBytes(back.AsSpan()));
            KernelTest.Close([.. x.Select(value => (double)value)], back, 1e-6, 1, "turned and turned back");
        });
    }

    [Property]
    public void Steps_of_AdamW_and_norms_of_gradients(Sized s)
    {
        var (n, other) = (s.Count, 1 + s.Pick(50));
        var step = new AdamWStep(0.1f, 0.9f, 0.99f, 1e-3f, 0.05f, 0.3f, 0.2f);
        Array[] tensors = [s.Floats(n, 1), s.Floats(n, 2), s.Floats(n, 3), s.Floats(n, 4, 0, 1), s.Floats(other, 5), s.Floats(other, 6),
            s.Floats(other, 7), s.Floats(other, 8, 0, 1)];
        foreach (var scale in new float[]?[] { null, [0.7f], [float.NaN] })
            Check(2e-6, [.. tensors, scale],
                (k, h) => k.AdamW([new(h[0], h[1], h[2], h[3], n, true), new(h[4], h[5], h[6], h[7], other, false)], step, h[8]));
        foreach (var most in new[] { 1f, 1e9f })
            foreach (var loss in new[] { 1f, float.NaN })
                Check(1e-6, [s.Floats(n, 2), s.Floats(other, 6), new[] { 2f, loss, 0, 0 }],
                    (k, h) => k.GradientNorm([(h[0], n), (h[1], other)], most, h[2], losses: 2));
    }
}
