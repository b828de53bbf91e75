namespace Mezcla.Layers;

/// <summary>
/// A table of one vector for each id. Other kinds of table derive from it, such as a quantized one, and take its place in a model by
/// <see cref="Module.Replace"/>.
/// </summary>
public class Embedding : Module
{
    private readonly Tensor? _weight;

    /// <summary>A fresh table [<paramref name="count"/>, <paramref name="size"/>].</summary>
    public Embedding(int count, int size, Initialization initialization) =>
        _weight = Parameter("weight", initialization.Weight(count, size));

    /// <summary>For other kinds of table, which keep their vectors in another form.</summary>
    protected Embedding() { }

    /// <summary>The table [count, size].</summary>
    /// <exception cref="InvalidOperationException">This kind of table keeps its vectors in another form.</exception>
    public Tensor Weight => _weight ?? throw new InvalidOperationException($"A {GetType().Name} has no float weights.");

    /// <summary>Int32 [...] → [..., size].</summary>
    public virtual Tensor Forward(Tensor ids) => Weight.Embedding(ids);

    /// <summary>The products with every row, a tied head's logits: [..., size] → [..., count].</summary>
    public virtual Tensor Project(Tensor x) => x.Linear(Weight);
}
