using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

public abstract partial class OperationTests
{
    [Property]
    public void Sum(Shaped s) => Reduction(s, (x, axis, keep) => x.Sum(axis, keep), line => line.Sum(), Check(s).Random(s.Sizes));

    [Property]
    public void Mean(Shaped s) =>
    Reduction(s, (x, axis, keep) => x.Mean(axis, keep), line => line.Sum() / line.Length, Check(s).Random(s.Sizes));

    [Property]
    public void ArgMax(Shaped s)
    {
        var shape = AtLeast(s, 1, filled: true);
        var axis = s.Pick(shape.Length);
        var x = Check(s).Random(shape, 1).Map(v => Math.Round(v * 3));
        using var scope = new TensorScope();
        var tensor = Check(s).Place(x);
        Assert.Equal(x.Along(axis, 1, line => [Array.IndexOf(line, line.Max())]).Values.Select(v => (int)v),
            tensor.ArgMax(axis).ToIntArray());
    }

    [Fact]
    public void NaN_is_what_ArgMax_finds()
    {
        var x = Tensor.From([1f, float.NaN, 3, float.NaN]).To(Device);
        Assert.Equal([1], x.ArgMax(0, keepDims: true).ToIntArray());
    }

    [Fact]
    public void The_first_none_of_each_row_is_an_empty_tensor()
    {
        var (values, indices) = Tensor.From([3f, 1, 2, 9, 8, 7], 2, 3).To(Device).TopK(0);
        Assert.Equal([2, 0], values.Shape);
        Assert.Empty(indices.ToIntArray());
    }

    [Property]
    public void TopK(Shaped s)
    {
        var shape = AtLeast(s, 1);
        var k = s.Pick(shape[^1] + 1, 4);
        Check(s).Run(x => x.TopK(k).Values, x => x.Along(shape.Length - 1, k, line => [.. line.OrderDescending().Take(k)]),
            Check(s).Distinct(shape));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void Equal_elements_keep_their_order(int k)
    {
        float[] values = [.. Enumerable.Range(0, 40).Select(i => (float)(i % 3))];
        int[] expected = [.. Enumerable.Range(0, 40).OrderByDescending(i => values[i]).Take(k)];
        Assert.Equal(expected, Tensor.From(values).To(Device).TopK(k).Indices.ToIntArray());
    }

    // Rows of a few experts, of many, and longer than the kernel for the few first takes; with equal numbers, infinities and NaN.
    [Theory]
    [InlineData(9, 0)]
    [InlineData(9, 5)]
    [InlineData(64, 16)]
    [InlineData(65, 3)]
    [InlineData(257, 8)]
    [InlineData(1024, 16)]
    [InlineData(1025, 2)]
    [InlineData(300, 17)]
    public void The_few_first_are_those_of_a_whole_sort(int n, int k)
    {
        var random = new RandomStream((ulong)n);
        float[] values =
            [
                .. Enumerable.Range(0, 5 * n)
                    .Select(i => random.NextInt(20) switch
                    {
                        0 => float.NaN,
                        1 => float.PositiveInfinity,
                        2 => float.NegativeInfinity,
                        _ => random.NextInt(n / 4)
                    })];
        var (sorted, at) = Tensor.From(values, 5, n).To(Device).TopK(k);
        var places = at.ToIntArray();
        var first = sorted.ToArray();
        for (var row = 0; row < 5; row++)
        {
            // LINQ's order takes NaN as the smallest; here it is the largest.
            int[] expected =
                [.. Enumerable.Range(0, n).OrderByDescending(i => float.IsNaN(values[row * n + i]))
                    .ThenByDescending(i => values[row * n + i]).Take(k)];
            Assert.Equal(expected, places[(row * k)..((row + 1) * k)]);
            Assert.Equal(expected.Select(i => values[row * n + i]), first[(row * k)..((row + 1) * k)]);
        }
    }

    // Over everything, or along an axis that goes or stays.
    private void Reduction(Shaped s, Func<Tensor, int?, bool, Tensor> operation, Func<double[], double> reference, Array64 x)
    {
        int? axis = x.Rank == 0 || s.Pick(3) == 0 ? null : s.Pick(x.Rank, 1);
        var keep = s.Pick(2, 2) == 0;
        Check(s).Run(t => operation(t, axis is { } a && s.Pick(2, 8) == 0 ? a - x.Rank : axis, keep), v => axis is { } chosen
            ? v.Along(chosen, 1, line => [reference(line)], keep)
            : new Array64(keep ? [.. v.Shape.Select(_ => 1)] : [], [reference(v.Values)]), x);
    }
}
