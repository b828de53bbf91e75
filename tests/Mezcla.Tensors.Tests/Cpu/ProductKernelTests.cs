using FsCheck.Xunit;
using Mezcla.Tensors.Devices;
using static Mezcla.Tensors.Tests.Cpu.AgainstPlain;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>
/// Products as the contract asks for them, on the CPU and on the plain device. <see cref="GemmTests"/> holds the CPU's own product, which
/// can do more, against a loop of its own. Sums of k products in float have errors that grow like √k.
/// </summary>
[Collection(KernelCollection.Name)]
[Properties(Arbitrary = [typeof(KernelSizes)], MaxTest = 25, QuietOnSuccess = true)]
public sealed class ProductKernelTests
{
    [Property]
    public void Batches_of_products_and_their_sums(Sized s)
    {
        int m = Math.Min(s.Outer, 40), n = Math.Min(s.Inner, 70), k = Math.Min(s.N, 300), batch = s.Pick(4, 1);
        bool sharedB = s.Is(2), sum = s.Is(3);
        var bias = s.Is(4) && !sum ? s.Floats(n, 4) : null;
        var product = new Product(batch, m, n, k, s.Is(5), s.Is(6), (long)m * k, sharedB ? 0 : (long)k * n, sum ? 0 : (long)m * n);
        float[] a = s.Floats(batch * m * k, 1), b = s.Floats((sharedB ? 1 : batch) * k * n, 2), c = s.Floats((sum ? 1 : batch) * m * n, 3);
        foreach (var accumulate in new[] { false, true })
            Check(3e-7 * Math.Sqrt(k + 1), [a, b, bias, c], (kernels, h) => kernels.MatMul(product, h[0], h[1], h[2], h[3], accumulate),
                scale: 4 * Math.Sqrt(k + 1));
    }

    [Theory]
    [InlineData(8, 12, 0, new[] { 0, 5, 5, 6, 30, 71 })]
    [InlineData(40, 33, 3, new[] { 0, 0, 0, 1, 4, 4 })]
    [InlineData(64, 128, 0, new[] { 0, 300, 700 })]
    [InlineData(3, 2, 5, new[] { 0 })]
    public void Groups_have_their_own_matrices_forward_and_backward(int k, int n, int rest, int[] offsets)
    {
        var (groups, rows) = (offsets.Length - 1, offsets[^1] + rest);
        float[] x = KernelTest.Random(rows * k, 1), w = KernelTest.Random(groups * k * n, 2), g = KernelTest.Random(rows * n, 3);
        foreach (var accumulate in new[] { false, true })
            Check(3e-6, [x, w, g, offsets, KernelTest.Random(rows * n, 4), KernelTest.Random(rows * k, 5), KernelTest.Random(w.Length, 6)],
                (kernels, h) =>
            {
                kernels.GroupedMatMul(h[0], h[1], h[3], h[4], groups, rows, n, k, transposeB: false, accumulate);
                kernels.GroupedMatMul(h[2], h[1], h[3], h[5], groups, rows, k, n, transposeB: true, accumulate);
                kernels.GroupedOuter(h[0], h[2], h[3], h[6], groups, rows, k, n, accumulate);
            }, scale: 10);
    }

    [Theory]
    [InlineData(new[] { 1, 2, 4 }, 0)]
    [InlineData(new[] { 0, 3, 2 }, 2)]
    [InlineData(new[] { 0, 3, 5 }, 2)]
    [InlineData(new[] { 0, 2, 4 }, -1)]
    public void Offsets_that_do_not_rise_from_0_to_the_rows_are_found(int[] offsets, int place)
    {
        var check = new IndexCheck("GroupedMatMul", IndexKind.Offset, new Shape(3), 4);
        Check(1e-6, [KernelTest.Random(8, 1), KernelTest.Random(12, 2), offsets, KernelTest.Random(12, 3)], (kernels, h) =>
        {
            var found = kernels.GroupedMatMul(h[0], h[1], h[2], h[3], 2, 4, 3, 2, transposeB: false, accumulate: false, check);
            Assert.Equal(place, found);
            return found;
        });
    }
}
