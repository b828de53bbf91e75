using FsCheck;
using FsCheck.Xunit;
using Mezcla.Quantization.Pruning;
using Mezcla.Quantization.Sparse;

namespace Mezcla.Quantization.Tests;

public class SparseMatrixTests
{
    private static readonly Func<int, int, float[], SparseMatrix>[] Formats =
    [
        (rows, columns, w) => new CompressedRows(rows, columns, w), (rows, columns, w) => new BitmapMatrix(rows, columns, w),
        (rows, columns, w) => new TwoOfFourMatrix(rows, columns, w),
    ];

    [Property(MaxTest = 40)]
    public void Every_format_keeps_every_weight_and_multiplies_as_the_dense_matrix(DoNotSize<int> seed, byte share, byte size)
    {
        var (rows, columns) = (1 + size % 7, 8 * (1 + size % 9));
        var any = Pruned(rows, columns, seed.Item, PruningPattern.Share(share / 255.0));
        var twoOfFour = Pruned(rows, columns, seed.Item, PruningPattern.TwoOfFour);
        // A weight that is zero among those that are kept must not shift its neighbours.
        twoOfFour[Math.Abs(seed.Item % twoOfFour.Length)] = 0;
        for (var i = 0; i < Formats.Length; i++)
            foreach (var tokens in new[] { 1, 2, 33 })
            {
                var weights = i == 2 ? twoOfFour : any;
                var matrix = Formats[i](rows, columns, weights);
                Assert.Equal(weights, matrix.ToArray());
                var x = FormatTests.Normal(tokens * columns, seed.Item ^ 1);
                var y = new float[tokens * rows];
                matrix.Multiply(x, y);
                for (var token = 0; token < tokens; token++)
                    for (var row = 0; row < rows; row++)
                    {
                        var expected = Enumerable.Range(0, columns).Sum(j => (double)weights[row * columns + j] * x[token * columns + j]);
                        Assert.Equal(expected, y[token * rows + row], 1e-4 * (1 + columns));
                    }
            }
    }

    [Fact]
    public void Bytes_are_those_of_the_formats()
    {
        const int Rows = 16, Columns = 64;
        var half = Pruned(Rows, Columns, 1, PruningPattern.TwoOfFour);
        Assert.Equal(Rows * Columns / 2 * 6 + (Rows + 1) * 4, new CompressedRows(Rows, Columns, half).Bytes);
        Assert.Equal(Rows * Columns / 2 * 4 + Rows * Columns / 8 + (Rows + 1) * 4, new BitmapMatrix(Rows, Columns, half).Bytes);
        Assert.Equal(Rows * Columns / 2 * 4 + Rows * Columns / 8, new TwoOfFourMatrix(Rows, Columns, half).Bytes);
        Assert.All(Formats, make => Assert.Equal(Rows * Columns / 2, make(Rows, Columns, half).Count));
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_its_place()
    {
        var full = Pruned(2, 16, 1, PruningPattern.TwoOfFour);
        full.AsSpan(16 + 8, 4).Fill(1);
        Assert.Contains("Row 1, columns 8 to 11: 4 of 4", Assert.Throws<ArgumentException>(() => new TwoOfFourMatrix(2, 16, full)).Message);
        Assert.Throws<ArgumentException>(() => new BitmapMatrix(2, 12, new float[24]));
        Assert.Throws<ArgumentException>(() => new TwoOfFourMatrix(2, 12, new float[24]));
        Assert.Throws<ArgumentException>(() => new CompressedRows(1, 65_537, new float[65_537]));
        Assert.Throws<ArgumentException>(() => new CompressedRows(2, 16, new float[31]));
        Assert.Throws<ArgumentException>(() => new CompressedRows(2, 16, full).Multiply(new float[17], new float[2]));
    }

    private static float[] Pruned(int rows, int columns, int seed, PruningPattern pattern)
    {
        var weights = FormatTests.Normal(rows * columns, seed);
        var keep = new bool[weights.Length];
        pattern.Mark(weights.Select(MathF.Abs).ToArray(), keep);
        for (var i = 0; i < keep.Length; i++)
            if (!keep[i])
                weights[i] = 0;
        return weights;
    }
}
