namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>Row ids[...] of a table [rows, size] for each id: shape [..., size],
    /// Float32. Only the gradients of rows that were used change.</summary>
    /// <exception cref="ArgumentException">The table has not two axes, the ids are not Int32, or one lies outside.</exception>
    public static Tensor Embedding(this Tensor weight, Tensor ids)
    {
        if (weight.Require("Embedding").Rank != 2)
            throw new ArgumentException($"Embedding: the table must be [rows, size], not {weight.Sizes}.");
        ids.Integers("Embedding", "the ids", weight.Device);
        var rows = SelectRows("Embedding", weight, 0, ids, ids.Sizes.Insert(ids.Rank, weight.Sizes[1]));
        return rows.Floats("Embedding");
    }
}
