using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

public abstract partial class OperationTests
{
    [Property]
    public void MatMul(Shaped s)
    {
        // The leading axes broadcast; the sizes of the products cross the tiles of the kernels.
        int[] sizes = [0, 1, 2, 3, 5, 9, 17, 33];
        int m = sizes[s.Pick(8, 1)], n = sizes[s.Pick(8, 2)], k = sizes[s.Pick(8, 3)];
        var (a, b) = Broadcastable(s with { Sizes = [.. s.Sizes.Take(3).Select(size => Math.Min(size, 2))] });
        bool ta = s.Pick(2, 4) == 0, tb = s.Pick(2, 5) == 0;
        Check(s).Run((x, y) => x.MatMul(y, ta, tb), (x, y) => Product(ta ? Swapped(x) : x, tb ? Swapped(y) : y),
            Check(s).Random(ta ? [.. a, k, m] : [.. a, m, k], 1),
            Check(s with { Seed = s.Seed + 1 }).Random(tb ? [.. b, n, k] : [.. b, k, n], 1));
    }

    [Property]
    public void MatMul_with_itself(Shaped s)
    {
        var shape = AtLeast(s, 2);
        Check(s).Run(x => x.MatMul(x, transposeB: true), x => Product(x, Swapped(x)), Check(s).Random(shape, 1));
    }

    [Property]
    public void Linear(Shaped s)
    {
        var shape = AtLeast(s, 1);
        var output = s.Pick(20, 1);
        var check = Check(s);
        check.Run(t => t[0].Linear(t[1], t[2]), a => Array64.Zip(Rows(a[0], a[1]), a[2], (p, q) => p + q), check.Random(shape, 1),
            check.Random([output, shape[^1]], 1), check.Random([output], 1));
        check.Run((x, w) => x.Linear(w), Rows, check.Random(shape, 1), check.Random([output, shape[^1]], 1));

        Array64 Rows(Array64 x, Array64 w) => Array64.Of([.. shape[..^1], output], at =>
        {
            double sum = 0;
            for (var i = 0; i < shape[^1]; i++)
                sum += x[[.. at[..^1], i]] * w[at[^1], i];
            return sum;
        });
    }

    [Property]
    public void LinearGelu(Shaped s)
    {
        var shape = AtLeast(s, 1);
        var output = s.Pick(20, 1);
        var form = s.Pick(2, 3) == 0 ? GeluForm.Exact : GeluForm.Tanh;
        var check = Check(s);
        check.Run(t => t[0].LinearGelu(t[1], t[2], form), a => Array64.Of([.. shape[..^1], output], at =>
        {
            var h = a[2][at[^1]];
            for (var i = 0; i < shape[^1]; i++)
                h += a[0][[.. at[..^1], i]] * a[1][at[^1], i];
            return form == GeluForm.Exact
                ? h * 0.5 * (1 + Erf(h / Math.Sqrt(2)))
                : 0.5 * h * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (h + 0.044715 * h * h * h)));
        }), check.Random(shape, 1), check.Random([output, shape[^1]], 1), check.Random([output], 1));
    }

    [Theory]
    // One row, few, a small product, strips with two blocks of depth, panels with two blocks of columns and of depth.
    [InlineData(1, 300, 70)]
    [InlineData(3, 70, 300)]
    [InlineData(40, 30, 50)]
    [InlineData(300, 500, 100)]
    [InlineData(600, 400, 2100)]
    public void LinearGelu_is_Linear_and_Gelu_to_the_bit_by_every_way_through_the_products(int rows, int input, int output)
    {
        // On the plain device both are the same loops, and these would take a minute.
        Assert.SkipWhen(Device == Device.Plain && rows == 600, "Only devices with products of their own run the largest.");
        foreach (var form in new[] { GeluForm.Exact, GeluForm.Tanh })
        {
            var (one, two) = (Run((x, w, b) => x.LinearGelu(w, b, form)), Run((x, w, b) => x.Linear(w, b).Gelu(form)));
            for (var i = 0; i < one.Length; i++)
                Assert.Equal(two[i], one[i]);
        }

        // The value without a tape, then with one, and all gradients of a backward pass and of a second one.
        float[][] Run(Func<Tensor, Tensor, Tensor, Tensor> f)
        {
            using var scope = new TensorScope();
            var random = new RandomStream(5);
            var leaves = new[] { Tensor.Normal(random, 0, 1, rows, input), Tensor.Normal(random, 0, 0.1f, output, input),
                Tensor.Normal(random, 0, 1, output) }
                .Select(leaf => leaf.To(Device).Detach()).ToArray();
            foreach (var leaf in leaves)
                leaf.RequiresGrad = true;
            float[] plain;
            using (new NoGrad())
                plain = f(leaves[0], leaves[1], leaves[2]).ToArray();
            var y = f(leaves[0], leaves[1], leaves[2]);
            var slope = Tensor.Normal(random, 0, 1, rows, output).To(Device);
            y.Backward(slope, retainGraph: true);
            float[][] first = [.. leaves.Select(leaf => leaf.Grad!.ToArray())];
            y.Backward(slope);
            return [plain, y.ToArray(), .. first, .. leaves.Select(leaf => leaf.Grad!.ToArray())];
        }
    }

    [Property]
    public void GroupedMatMul(Shaped s)
    {
        int groups = 1 + s.Pick(5), k = 1 + s.Pick(9, 1), n = 1 + s.Pick(9, 2), rows = s.Pick(30, 3);
        var transposed = s.Pick(2, 4) == 0;
        // Some groups are empty.
        int[] offsets = [0, .. Enumerable.Range(0, groups - 1).Select(g => s.Pick(rows + 1, 10 + g)).Order(), rows];
        Check(s).Run((x, w) => x.GroupedMatMul(w, Ids(offsets, groups + 1), transposed), (x, w) => Array64.Of([rows, n], at =>
        {
            var g = 0;
            while (offsets[g + 1] <= at[0])
                g++;
            double sum = 0;
            for (var i = 0; i < k; i++)
                sum += x[at[0], i] * (transposed ? w[g, at[1], i] : w[g, i, at[1]]);
            return sum;
        }), Check(s).Random([rows, k], 1), Check(s with { Seed = s.Seed + 1 }).Random(transposed ? [groups, n, k] : [groups, k, n], 1));
    }

    [Theory]
    [InlineData(700, 2, 3, null, false)]
    [InlineData(700, 2, 8, 150, false)]
    [InlineData(700, 2, 8, 150, true)]
    [InlineData(90, 3, 300, 1, true)]
    [InlineData(5, 1, 1, 2, true)]
    [InlineData(40, 2, 4, 0, true)]
    public void GroupByIndex(int tokens, int k, int groups, int? capacity, bool byPriority)
    {
        var random = new RandomStream(8);
        int[] ids = [.. Enumerable.Range(0, tokens * k).Select(_ => random.NextInt(groups + 1) - 1)];
        // Many are equal.
        float[] priorities = [.. ids.Select(_ => random.NextInt(12) == 0 ? float.NaN : random.NextInt(5))];
        int[] arrival = [.. Enumerable.Range(0, k).SelectMany(j => Enumerable.Range(0, tokens).Select(t => t * k + j))],
            orders = new int[groups + 1];
        List<int> kept = [], over = [.. arrival.Where(at => ids[at] < 0)];
        for (var g = 0; g < groups; g++)
        {
            int[] mine = [.. arrival.Where(at => ids[at] == g)];
            if (byPriority && mine.Length > capacity)
                mine = [.. mine.OrderByDescending(at => float.IsNaN(priorities[at])).ThenByDescending(at => priorities[at])];
            kept.AddRange(mine.Take(capacity ?? int.MaxValue));
            over.AddRange(mine.Skip(capacity ?? int.MaxValue));
            orders[g + 1] = kept.Count;
        }
        var grouping = Ids(ids, tokens, k)
            .GroupByIndex(groups, capacity, byPriority ? Tensor.From(priorities, tokens, k).To(Device) : null);
        Assert.Equal(orders, grouping.Offsets.ToIntArray());
        Assert.Equal([.. kept, .. over], grouping.Order.ToIntArray());
        Assert.Equal([.. kept.Concat(over).Select(at => at / k)], grouping.Rows.ToIntArray());
        Assert.Equal([.. kept.Select(at => ids[at]), .. over.Select(_ => 0)], grouping.Groups.ToIntArray());
        Assert.Equal([.. kept.Select(_ => 1f), .. over.Select(_ => 0f)], grouping.Kept.ToArray());
    }

    // In the order of the rows, to the bit: a few ids many times, many ids a few times, and ids that are left out.
    [Theory]
    [InlineData(3000, 2, 3)]
    [InlineData(900, 5000, 2)]
    [InlineData(4, 3, 0)]
    public void SegmentSum_adds_in_order(int rows, int segments, int size)
    {
        var random = new RandomStream(5);
        int[] ids = [.. Enumerable.Range(0, rows).Select(_ => random.NextInt(segments + 1) - 1)];
        float[] x = [.. Enumerable.Range(0, rows * size).Select(_ => random.NextFloat())], expected = new float[segments * size];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < size && ids[i] >= 0; j++)
                expected[ids[i] * size + j] += x[i * size + j];
        Assert.Equal(expected, Tensor.From(x, rows, size).To(Device).SegmentSum(Ids(ids, rows), segments).ToArray());
    }

    private static Array64 Swapped(Array64 x) => Permuted(x, [.. Enumerable.Range(0, x.Rank - 2), x.Rank - 1, x.Rank - 2]);

    private static Array64 Product(Array64 a, Array64 b)
    {
        var batch = Array64.Zip(new Array64(a.Shape[..^2]), new Array64(b.Shape[..^2]), (_, _) => 0).Shape;
        var k = a.Shape[^1];
        return Array64.Of([.. batch, a.Shape[^2], b.Shape[^1]], at =>
        {
            double sum = 0;
            for (var i = 0; i < k; i++)
                sum += Element(a, at[..^2], at[^2], i) * Element(b, at[..^2], i, at[^1]);
            return sum;
        });

        // Only the leading axes are repeated, not a row or column of size 1 (whose index is 0 anyway).
        static double Element(Array64 x, int[] batch, int row, int column) => x.Repeated([.. batch, row, column]);
    }
}
