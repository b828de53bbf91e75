namespace Mezcla.Tensors;

public static partial class Attention
{
    /// <summary>
    /// Computes attention from one projection without splitting it: each row of <paramref name="qkv"/> [batch, time, (heads +
    /// 2·keyHeads)·size] holds the queries of all heads, then the keys, then the values. The result is [batch, time,
    /// heads·size], ready for the output projection.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes or the options do not fit.</exception>
    public static Tensor Packed(Tensor qkv, int heads, int keyHeads, AttentionOptions options = default)
    {
        qkv = qkv.Floats(Name);
        if (heads <= 0 || keyHeads <= 0 || heads % keyHeads != 0 || qkv.Rank != 3 || qkv.Sizes[2] % (heads + 2 * keyHeads) != 0)
            throw new ArgumentException(
                $"{Name}: {qkv.Sizes} must be [batch, time, ({heads} + 2·{keyHeads})·size], and {keyHeads} key heads must divide {heads} " +
                    "heads.");
        int batch = qkv.Sizes[0], time = qkv.Sizes[1], width = qkv.Sizes[2], size = width / (heads + 2 * keyHeads);
        var packed = new HeadStrides((long)time * width, size, width);
        var layout = Options(new AttentionLayout(batch, heads, keyHeads, time, time, size, size, 0, false, 0, 0,
            packed, packed, packed, new HeadStrides((long)time * heads * size, size, (long)heads * size)), options, out var sinks, qkv);
        var shape = new Shape(batch, time, heads * size);
        return Run(qkv, qkv, qkv, sinks, layout, shape, new PackedStarts(heads * size, (heads + keyHeads) * size));
    }
}
