namespace Mezcla.Layers;

/// <summary>
/// A table with one vector for each id. Other kinds of table, such as a quantized one, are derived from it and replace it in a model by
/// <see cref="Module.Replace"/>.
/// </summary>
public class Embedding : Module
{
    private readonly Tensor? _weight;

    /// <summary>Makes a table [<paramref name="count"/>, <paramref name="size"/>] with newly drawn weights.</summary>
    public Embedding(int count, int size, Initialization initialization) =>
        _weight = Parameter("weight", initialization.Weight(count, size));

    /// <summary>For derived classes that keep their vectors in another form.</summary>
    protected Embedding() { }

    /// <summary>The table [count, size].</summary>
    /// <exception cref="InvalidOperationException">This kind of table keeps its vectors in another form.</exception>
    public Tensor Weight => _weight ?? throw new InvalidOperationException($"A {GetType().Name} has no float weights.");

    /// <summary>Int32 [...] → [..., size].</summary>
    public virtual Tensor Forward(Tensor ids) => Weight.Embedding(ids);

    /// <summary>The dot products with every row, which are the logits of a tied head: [..., size] → [..., count].</summary>
    public virtual Tensor Project(Tensor x) => x.Linear(Weight);
}
