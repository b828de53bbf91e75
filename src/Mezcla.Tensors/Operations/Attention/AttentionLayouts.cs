namespace Mezcla.Tensors;

public static partial class Attention
{
    /// <summary>The memory layout of queries, keys, values and sinks.</summary>
    private static (AttentionLayout, Tensor?) Layout(Tensor q, Tensor k, Tensor v, in AttentionOptions options)
    {
        int head = options.TimeFirst ? 2 : 1, time = options.TimeFirst ? 1 : 2;
        var fits = q.Rank == 4 && k.Rank == 4 && v.Rank == 4 && k.Sizes[0] == q.Sizes[0] && v.Sizes.With(3, 0) == k.Sizes.With(3, 0)
            && q.Sizes[3] == k.Sizes[3] && (k.Sizes[head] == q.Sizes[head] || (k.Sizes[head] > 0 && q.Sizes[head] % k.Sizes[head] == 0));
        if (!fits)
            throw new ArgumentException($"{Name}: queries {q.Sizes}, keys {k.Sizes} and values {v.Sizes} must be "
                + (options.TimeFirst ? "[batch, time, heads, size]" : "[batch, heads, time, size]") +
                ", with key heads that divide the heads and one batch.");
        var layout = new AttentionLayout(q.Sizes[0], q.Sizes[head], k.Sizes[head], q.Sizes[time], k.Sizes[time], q.Sizes[3], v.Sizes[3], 0,
            false, 0, 0,
            Strides(q.Sizes), Strides(k.Sizes), Strides(v.Sizes), Strides(q.Sizes.With(3, v.Sizes[3])));
        return (Options(layout, options, out var sinks, q), sinks);

        HeadStrides Strides(in Shape shape) =>
            new(shape.Product(1, 4), head == 1 ? shape.Product(2, 4) : shape[3], head == 1 ? shape[3] : shape.Product(2, 4));
    }

    /// <summary>Checks the options and returns the layout with them filled in.</summary>
    private static AttentionLayout Options(in AttentionLayout layout, in AttentionOptions options, out Tensor? sinks, Tensor q)
    {
        int keys = options.KeyLength ?? layout.Keys, offset = options.QueryOffset ?? keys - layout.Queries;
        if (keys < 0 || keys > layout.Keys)
            throw new ArgumentException($"{Name}: KeyLength is {keys}, but there are {layout.Keys} keys.");
        if (options.Window is <= 0)
            throw new ArgumentException($"{Name}: Window must be positive, not {options.Window}.");
        sinks = options.Sinks?.Floats(Name, q.Device);
        if (sinks is not null && (sinks.Rank != 1 || sinks.Count != layout.Heads))
            throw new ArgumentException($"{Name}: Sinks {sinks.Sizes} must be one number for each of {layout.Heads} heads.");
        return layout with
        {
            Keys = keys,
            QueryOffset = offset,
            Causal = options.Causal,
            Window = options.Window ?? 0,
            Scale = options.Scale ?? 1 / MathF.Sqrt(Math.Max(layout.HeadSize, 1)),
        };
    }
}
