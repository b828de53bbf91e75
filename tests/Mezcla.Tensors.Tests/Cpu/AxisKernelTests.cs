using FsCheck.Xunit;
using static Mezcla.Tensors.Tests.Cpu.AgainstPlain;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>Kernels along the middle axis of [outer, n, inner], on the CPU and on the plain device.</summary>
[Collection(KernelCollection.Name)]
[Properties(Arbitrary = [typeof(KernelSizes)], MaxTest = 25, QuietOnSuccess = true)]
public sealed class AxisKernelTests
{
    // The CPU adds up to 256 terms of a column in float, one after the other: the errors, 6e-8 of the sum so far each, grow like √256.
    [Property]
    public void Sums_and_sums_of_squares(Sized s)
    {
        foreach (var squares in new[] { false, true })
            foreach (var accumulate in new[] { false, true })
                Check(2e-6, [s.Floats(s.Count, 1), s.Floats(s.Outer * s.Inner, 2)],
                    (k, h) => k.Sum(h[0], h[1], s.Outer, s.N, s.Inner, 0.5f, squares, accumulate), scale: 2 * Math.Sqrt(s.N + 1));
    }

    [Property]
    public void Places_of_the_largest_with_ties_and_NaN(Sized s)
    {
        if (s.N == 0)
            return;
        foreach (var nan in new[] { false, true })
            Check(0, [s.Specials(s.Count, 1, nan), new int[s.Outer * s.Inner]],
                (k, h) => k.ArgMax(h[0], h[1], s.Outer, s.N, s.Inner));
    }

    [Property]
    public void The_largest_in_order_with_ties_and_NaN(Sized s)
    {
        foreach (var first in new[] { s.N, Math.Min(s.N, 1 + s.Pick(8)), Math.Min(s.N, 12) })
            Check(0, [s.Specials(s.Outer * s.N, 1), Unwritten(s.Outer * first), new int[s.Outer * first]],
                (k, h) => k.TopK(h[0], h[1], h[2], s.Outer, s.N, first));
    }
}
