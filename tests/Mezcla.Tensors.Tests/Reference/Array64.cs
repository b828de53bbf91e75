namespace Mezcla.Tensors.Tests.Reference;

/// <summary>An array of doubles with a shape: what the plain references of all operations are written in. Slow and obvious.</summary>
public sealed class Array64
{
    public Array64(int[] shape, double[]? values = null)
    {
        Shape = shape;
        Values = values ?? new double[shape.Aggregate(1, (product, size) => product * size)];
    }

    public int[] Shape { get; }

    public double[] Values { get; }

    public int Rank => Shape.Length;

    public double this[params int[] index]
    {
        get => Values[Position(index)];
        set => Values[Position(index)] = value;
    }

    /// <summary>A new array whose element at each index is what <paramref name="value"/> says.</summary>
    public static Array64 Of(int[] shape, Func<int[], double> value)
    {
        var result = new Array64(shape);
        var position = 0;
        foreach (var index in Indices(shape))
            result.Values[position++] = value(index);
        return result;
    }

    /// <summary>All indices of a shape, row by row; the array yielded is reused.</summary>
    public static IEnumerable<int[]> Indices(int[] shape)
    {
        var index = new int[shape.Length];
        if (shape.Contains(0))
            yield break;
        while (true)
        {
            yield return index;
            var axis = shape.Length - 1;
            for (; axis >= 0 && ++index[axis] == shape[axis]; axis--)
                index[axis] = 0;
            if (axis < 0)
                yield break;
        }
    }

    public Array64 Map(Func<double, double> f) => new(Shape, [.. Values.Select(f)]);

    /// <summary>Element by element with NumPy's broadcasting.</summary>
    public static Array64 Zip(Array64 a, Array64 b, Func<double, double, double> f)
    {
        var rank = Math.Max(a.Rank, b.Rank);
        int[] shape = [.. Enumerable.Range(0, rank).Select(axis => Padded(a, axis) == 1 ? Padded(b, axis) : Padded(a, axis))];
        return Of(shape, index => f(a.Repeated(index), b.Repeated(index)));

        int Padded(Array64 x, int axis) => axis < rank - x.Rank ? 1 : x.Shape[axis - rank + x.Rank];
    }

    /// <summary>The element at an index of a shape that this one broadcasts to.</summary>
    public double Repeated(int[] index)
    {
        var missing = index.Length - Rank;
        return this[[.. Shape.Select((size, axis) => size == 1 ? 0 : index[axis + missing])]];
    }

    /// <summary>Each line along an axis replaced by what <paramref name="line"/> makes of
    /// it; lines of one element lose the axis where not kept.</summary>
    public Array64 Along(int axis, int size, Func<double[], double[]> line, bool keep = true)
    {
        int[] shape = [.. Shape];
        shape[axis] = size;
        var result = new Array64(shape);
        int[] others = [.. Shape];
        others[axis] = 1;
        foreach (var index in Indices(others))
        {
            int[] at = [.. index];
            var made = line([.. Enumerable.Range(0, Shape[axis]).Select(i =>
            {
                at[axis] = i;
                return this[at];
            })]);
            for (var i = 0; i < size; i++)
            {
                at[axis] = i;
                result[at] = made[i];
            }
        }
        return keep ? result : new Array64([.. shape.Where((_, i) => i != axis)], result.Values);
    }

    private int Position(int[] index)
    {
        var position = 0;
        for (var axis = 0; axis < index.Length; axis++)
            position = position * Shape[axis] + index[axis];
        return position;
    }
}
