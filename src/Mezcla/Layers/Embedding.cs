using Mezcla.Tensors;

namespace Mezcla.Layers;

/// <summary>A table of one vector for each id.</summary>
public sealed class Embedding : Module
{
    /// <summary>A table [<paramref name="count"/>, <paramref name="size"/>] of normal numbers.</summary>
    public Embedding(int count, int size, RandomStream random, float deviation = 0.02f) =>
        Weight = Parameter("weight", Tensor.Normal(random, 0, deviation, count, size));

    /// <summary>The table [count, size].</summary>
    public Tensor Weight { get; }

    /// <summary>Int32 [...] → [..., size].</summary>
    public Tensor Forward(Tensor ids) => Weight.Embedding(ids);
}
