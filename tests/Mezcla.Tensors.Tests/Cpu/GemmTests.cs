using Mezcla.Tensors.Cpu;

namespace Mezcla.Tensors.Tests.Cpu;

[Collection(KernelCollection.Name)]
public sealed unsafe class GemmTests
{
    public static TheoryData<int, int, int> Sizes() => new()
    {
        { 1, 1, 1 }, { 1, 1, 0 }, { 5, 7, 0 }, { 1, 37, 53 }, { 1, 300, 129 }, { 2, 128, 16 }, { 3, 5, 7 }, { 4, 261, 31 }, { 5, 33, 2 },
        { 8, 32, 64 }, { 6, 16, 33 }, { 13, 47, 29 }, { 64, 64, 64 }, { 65, 63, 1 }, { 97, 101, 103 }, { 170, 66, 400 }, { 9, 2100, 17 },
        { 40, 40, 800 }, { 600, 70, 9 }, { 2700, 33, 8 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_product_equals_the_plain_loop_on_every_path(int m, int n, int k)
    {
        for (var variant = 0; variant < 4; variant++)
        {
            var (transposeA, transposeB) = ((variant & 1) != 0, (variant & 2) != 0);
            // Leading dimensions larger than the rows, and values of alpha, beta and bias that matter; with beta 0, C holds NaN.
            var (alpha, beta, bias) = variant switch
            {
                0 => (1f, 0f, false),
                1 => (0.5f, 1f, false),
                2 => (1f, 0f, true),
                _ => (-2f, 0.25f, true)
            };
            var (lda, ldb, ldc) = ((transposeA ? m : k) + 3, (transposeB ? k : n) + 5, n + 2);
            var a = KernelTest.Random((transposeA ? k : m) * lda, 1);
            var b = KernelTest.Random((transposeB ? n : k) * ldb, 2);
            var c = KernelTest.Random(m * ldc, 3);
            var shift = KernelTest.Random(n, 4);

            var expected = new double[m * n];
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                {
                    var sum = 0.0;
                    for (var d = 0; d < k; d++)
                        sum += (double)a[transposeA ? d * lda + i : i * lda + d] * b[transposeB ? j * ldb + d : d * ldb + j];
                    expected[i * n + j] = alpha * sum + (beta == 0 ? 0 : beta * c[i * ldc + j]) + (bias ? shift[j] : 0);
                }

            var actual = KernelTest.OnEveryPath(() =>
            {
                using Guarded left = new(a), right = new(b), add = new(shift), target = new(c);
                if (beta == 0)
                    for (var i = 0; i < m; i++)
                        new Span<float>(target.Start + i * ldc, n).Fill(float.NaN);
                Gemm.Multiply(transposeA, transposeB, m, n, k, alpha, left, lda, right, ldb, beta, target, ldc, bias ? add.Start : null);
                var all = target.ToArray();
                for (var i = 0; i < m; i++)
                    Assert.Equal(c[(i * ldc + n)..(i * ldc + ldc)], all[(i * ldc + n)..(i * ldc + ldc)]);
                return [.. Enumerable.Range(0, m).SelectMany(i => all[(i * ldc)..(i * ldc + n)])];
            });
            KernelTest.Close(expected, actual, 3e-7 * Math.Sqrt(k + 1), Math.Sqrt(k + 1), $"transposed A {transposeA}, B {transposeB}");
        }
    }

    [Theory]
    [InlineData(0, 3, 3, 3, 9)]
    [InlineData(5, 3, 4, 5, 20)]
    [InlineData(7, 65, 33, 70, 0)]
    [InlineData(40, 20, 20, 20, 400)]
    [InlineData(3, 70, 70, 70, 4900)]
    public void A_batch_equals_its_products_one_by_one(int batch, int m, int n, int k, int strideB)
    {
        var a = KernelTest.Random(batch * m * k, 1);
        var b = KernelTest.Random(batch * k * n, 2);
        var actual = KernelTest.OnEveryPath(() =>
        {
            using Guarded left = new(a), right = new(b), target = new(batch * m * n);
            Gemm.MultiplyBatch(batch, false, false, m, n, k, 1, left, k, m * k, right, n, strideB, 0, target, n, m * n);
            return target.ToArray();
        });
        using Guarded left = new(a), right = new(b), target = new(batch * m * n);
        for (var i = 0; i < batch; i++)
            Gemm.Multiply(false, false, m, n, k, 1, left.Start + i * m * k, k, right.Start + i * strideB, n, 0, target.Start + i * m * n,
                n);
        KernelTest.SameBits(target.ToArray(), actual, "one by one and as a batch");
    }

    [Fact]
    public void Nothing_is_touched_where_rows_or_columns_are_none()
    {
        using Guarded a = new(10), b = new(10), c = new(10);
        Gemm.Multiply(false, false, 0, 5, 2, 1, a, 2, b, 5, 0, c, 5);
        Gemm.Multiply(false, false, 5, 0, 2, 1, a, 2, b, 5, 0, c, 5);
        Assert.All(c.ToArray(), value => Assert.True(float.IsNaN(value)));
    }
}
