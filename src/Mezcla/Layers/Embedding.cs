using Mezcla.Tensors;

namespace Mezcla.Layers;

/// <summary>A table of one vector for each id.</summary>
public sealed class Embedding : Module
{
    private Tensor? _weight;

    /// <summary>A fresh table [<paramref name="count"/>, <paramref name="size"/>].</summary>
    public Embedding(int count, int size, Initialization initialization) =>
        _weight = Parameter("weight", initialization.Weight(count, size));

    /// <summary>The table [count, size].</summary>
    /// <exception cref="InvalidOperationException">It is frozen.</exception>
    public Tensor Weight => _weight ?? throw new InvalidOperationException("This embedding is frozen (quantized): it has no float weights.");

    /// <summary>What took the table's place; null while there is one of floats.</summary>
    public IFrozenMatrix? Frozen { get; private set; }

    /// <summary>Int32 [...] → [..., size].</summary>
    public Tensor Forward(Tensor ids) => Frozen?.Lookup(ids) ?? Weight.Embedding(ids);

    /// <summary>The products with every row, a tied head's logits: [..., size] → [..., count].</summary>
    public Tensor Project(Tensor x) => Frozen?.Apply(x) ?? x.Linear(Weight);

    /// <summary>Puts a frozen matrix in the table's place, and releases the table.</summary>
    internal void Freeze(IFrozenMatrix matrix)
    {
        Release("weight");
        (_weight, Frozen) = (null, matrix);
    }
}
