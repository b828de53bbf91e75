namespace Mezcla.Layers;

/// <summary>The attention of a block, of any kind.</summary>
public interface IAttention
{
    /// <summary>[batch, time, d] → the same shape. If the context has a cache, attention reads it and adds to it.</summary>
    Tensor Forward(Tensor x, ForwardContext context);

    /// <summary>
    /// The attention weights [batch, heads, time, time]: each row is a distribution over the keys that the query may see.
    /// </summary>
    Tensor Probabilities(Tensor x);
}
