namespace Mezcla.Layers;

/// <summary>The attention of a block, whatever its kind.</summary>
public interface IAttention
{
    /// <summary>[batch, time, d] → the same shape; reads and fills the cache of the context where there is one.</summary>
    Tensor Forward(Tensor x, ForwardContext context);

    /// <summary>What each position looks at: [batch, heads, time, time], each row a distribution over the keys it may see.</summary>
    Tensor Probabilities(Tensor x);
}
