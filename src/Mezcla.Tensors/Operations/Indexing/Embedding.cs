namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// Looks up the row of a table [rows, size] for each id: ids of shape [...] give [..., size], Float32.
    /// Only the rows that were used get a gradient.
    /// </summary>
    /// <exception cref="ArgumentException">The table does not have two axes, the ids are not Int32, or an id is out of range.</exception>
    public static Tensor Embedding(this Tensor weight, Tensor ids)
    {
        if (weight.Require("Embedding").Rank != 2)
            throw new ArgumentException($"Embedding: the table must be [rows, size], not {weight.Sizes}.");
        ids.Integers("Embedding", "the ids", weight.Device);
        var rows = SelectRows("Embedding", weight, 0, ids, ids.Sizes.Insert(ids.Rank, weight.Sizes[1]));
        return rows.Floats("Embedding");
    }
}
