using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

public abstract partial class OperationTests
{
    [Property]
    public void Reshape(Shaped s)
    {
        var count = s.Sizes.Aggregate(1, (a, b) => a * b);
        int[] shape = count > 0 && count % 2 == 0 ? [2, -1, 1] : [count];
        Check(s).Run(x => x.Reshape(shape), x => new Array64([.. shape.Select(size => size == -1 ? count / 2 : size)], x.Values),
            Check(s).Random(s.Sizes));
    }

    [Property]
    public void Unsqueeze(Shaped s)
    {
        var axis = s.Pick(s.Rank + 1);
        int[] with = [.. s.Sizes[..axis], 1, .. s.Sizes[axis..]];
        Check(s).Run(x => x.Unsqueeze(axis), x => new Array64(with, x.Values), Check(s).Random(s.Sizes));
    }

    [Property]
    public void Transpose(Shaped s)
    {
        int[] shape = AtLeast(s, 2), axes = [.. Enumerable.Range(0, shape.Length)];
        int a = s.Pick(shape.Length, 1), b = s.Pick(shape.Length, 2);
        (axes[a], axes[b]) = (b, a);
        Check(s).Run(x => x.Transpose(a, b - shape.Length), x => Permuted(x, axes), Check(s).Random(shape));
    }

    [Property]
    public void Slice(Shaped s)
    {
        var shape = AtLeast(s, 1);
        int axis = s.Pick(shape.Length), start = s.Pick(shape[axis] + 1, 1), length = s.Pick(shape[axis] - start + 1, 2);
        int[] part = [.. shape.Select((size, i) => i == axis ? length : size)];
        Check(s).Run(x => x.Slice(axis, start, length),
            x => Array64.Of(part, index => x[[.. index.Select((at, i) => i == axis ? at + start : at)]]), Check(s).Random(shape));
    }

    [Property]
    public void Parts_put_together_again_are_the_whole(Shaped s)
    {
        var shape = AtLeast(s, 1);
        int axis = s.Pick(shape.Length), first = s.Pick(shape[axis] + 1, 2), second = s.Pick(shape[axis] - first + 1, 1);
        Check(s).Run(x => Tensor.Concatenate(axis - shape.Length, x.Slice(axis, 0, first), x.Slice(axis, first, second),
            x.Slice(axis, first + second)), x => x, Check(s).Random(shape));
    }

    [Property]
    public void Concatenate(Shaped s)
    {
        int[] shape = AtLeast(s, 1), other = [.. shape];
        var axis = s.Pick(shape.Length);
        other[axis] = s.Pick(4, 1);
        int[] both = [.. shape];
        both[axis] += other[axis];
        Check(s).Run(t => Tensor.Concatenate(axis, t[0], t[1]), a => Array64.Of(both, index =>
        {
            int[] at = [.. index];
            var second = at[axis] >= shape[axis];
            at[axis] -= second ? shape[axis] : 0;
            return a[second ? 1 : 0][at];
        }), Check(s).Random(shape), Check(s).Random(other));
    }

    [Property]
    public void Stack(Shaped s)
    {
        var axis = s.Pick(s.Rank + 1);
        int[] shape = [.. s.Sizes[..axis], 2, .. s.Sizes[axis..]];
        Check(s).Run(t => Tensor.Stack(axis, t[0], t[1]),
            a => Array64.Of(shape, index => a[index[axis]][[.. index[..axis], .. index[(axis + 1)..]]]),
            Check(s).Random(s.Sizes), Check(s).Random(s.Sizes));
    }

    [Property]
    public void Expand(Shaped s)
    {
        int[] from = [.. s.Sizes.Select((size, axis) => s.Pick(2, axis) == 0 ? 1 : size)], to = [2, .. s.Sizes];
        Check(s).Run(x => x.Expand(to), x => Array64.Of(to, x.Repeated), Check(s).Random(from));
    }

    [Property]
    public void Gather(Shaped s)
    {
        int[] shape = AtLeast(s, 1, filled: true), wanted = [.. shape];
        var axis = s.Pick(shape.Length);
        wanted[axis] = s.Pick(6, 1);
        var ids = Choices(s, wanted, shape[axis]);
        var index = new Array64(wanted, [.. ids.Select(id => (double)id)]);
        Check(s).Run(x => x.Gather(axis, Ids(ids, wanted)),
            x => Array64.Of(wanted, at => x[[.. at.Select((p, i) => i == axis ? (int)index[at] : p)]]), Check(s).Random(shape));
    }

    [Property]
    public void ScatterAdd(Shaped s)
    {
        int[] shape = AtLeast(s, 1, filled: true), wanted = [.. shape];
        var axis = s.Pick(shape.Length);
        wanted[axis] = s.Pick(6, 1);
        var ids = Choices(s, wanted, shape[axis]);
        var index = new Array64(wanted, [.. ids.Select(id => (double)id)]);
        Check(s).Run((x, source) => x.ScatterAdd(axis, Ids(ids, wanted), source), (x, source) =>
        {
            var result = new Array64(shape, [.. x.Values]);
            foreach (var at in Array64.Indices(wanted))
                result[[.. at.Select((p, i) => i == axis ? (int)index[at] : p)]] += source[at];
            return result;
        }, Check(s).Random(shape), Check(s).Random(wanted));
    }

    [Property]
    public void IndexSelect(Shaped s)
    {
        int[] shape = AtLeast(s, 1, filled: true), wanted = [.. shape];
        int axis = s.Pick(shape.Length), count = s.Pick(7, 1);
        wanted[axis] = count;
        var ids = Choices(s, [count], shape[axis]);
        Check(s).Run(x => x.IndexSelect(axis, Ids(ids, count)),
            x => Array64.Of(wanted, at => x[[.. at.Select((p, i) => i == axis ? ids[p] : p)]]), Check(s).Random(shape));
    }

    [Property]
    public void Embedding(Shaped s)
    {
        int rows = 1 + s.Pick(9), size = s.Pick(20, 1);
        var ids = Choices(s, s.Sizes, rows);
        var index = new Array64(s.Sizes, [.. ids.Select(id => (double)id)]);
        Check(s).Run(w => w.Embedding(Ids(ids, s.Sizes)), w => Array64.Of([.. s.Sizes, size], at => w[(int)index[at[..^1]], at[^1]]),
            Check(s).Random([rows, size]));
    }

    [Property]
    public void Where(Shaped s)
    {
        var (a, b) = Broadcastable(s);
        var mask = new Array64(s.Sizes, [.. Choices(s, s.Sizes, 2).Select(v => (double)v)]);
        Check(s).Run((x, y) => Check(s).Place(mask).Where(x, y),
            (x, y) => Array64.Of(s.Sizes, at => mask[at] != 0 ? x.Repeated(at) : y.Repeated(at)), Check(s).Random(a), Check(s).Random(b));
    }

    [Property]
    public void MaskedFill(Shaped s)
    {
        int[] small = [.. s.Sizes.Skip(s.Rank > 0 ? s.Pick(s.Rank) : 0)];
        var chosen = Choices(s, small, 2);
        var mask = new Array64(small, [.. chosen.Select(v => (double)v)]);
        Check(s).Run(x => x.MaskedFill(Ids(chosen, small), -3), x => Array64.Of(s.Sizes, at => mask.Repeated(at) != 0 ? -3 : x[at]),
            Check(s).Random(s.Sizes));
    }

    [Property]
    public void Tril(Shaped s)
    {
        var shape = AtLeast(s, 2);
        var diagonal = s.Pick(7) - 3;
        Check(s).Run(x => x.Tril(diagonal), x => Array64.Of(shape, at => at[^1] <= at[^2] + diagonal ? x[at] : 0), Check(s).Random(shape));
    }

    [Property]
    public void What_only_moves_keeps_its_type(Shaped s)
    {
        using var scope = new TensorScope();
        var shape = AtLeast(s, 2);
        var values = Check(s).Random(shape).Map(v => Math.Round(v * 8) / 8);
        foreach (DType type in new[] { DType.BFloat16, DType.Int32 })
        {
            var whole = values.Map(v => type == DType.Int32 ? Math.Round(v * 8) : v);
            var x = Check(s).Place(whole).To(type);
            var y = Tensor.Concatenate(0, x.Transpose(0, -1).Transpose(0, -1)).Slice(1, 0).Expand([1, .. shape]).Reshape(shape);
            Assert.Equal(type, y.DType);
            GradientCheck.Same("moved", whole, y.To(DType.Float32), 0);
        }
    }

    private static int[] Choices(Shaped s, int[] shape, int below)
    {
        var random = new Random(s.Seed);
        return [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.Next(below))];
    }

    private static Array64 Permuted(Array64 x, int[] axes) => Array64.Of([.. axes.Select(axis => x.Shape[axis])], index =>
    {
        var at = new int[axes.Length];
        for (var i = 0; i < axes.Length; i++)
            at[axes[i]] = index[i];
        return x[at];
    });
}
