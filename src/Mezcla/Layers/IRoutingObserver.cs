namespace Mezcla.Layers;

/// <summary>An observer that is told what the routers of a model decide in a forward pass.</summary>
public interface IRoutingObserver
{
    /// <summary>Called once by each layer that has experts.</summary>
    /// <param name="layer">Number of the block, from 0.</param>
    /// <param name="logits">The router's scores of N tokens for E experts, before any softmax, [N, E].</param>
    /// <param name="chosen">The experts that each token chose, Int32 [N, k], with -1 for a choice that the router
    /// dropped; null if experts choose tokens.</param>
    /// <param name="tokens">The token of each assignment, Int32 [M]; assignments are sorted by expert.</param>
    /// <param name="offsets">Where each expert's assignments begin, Int32 [E + 1]; those from the last offset on were
    /// dropped because an expert was full.</param>
    /// <param name="weights">The weight of each assignment, [M].</param>
    void Observe(int layer, Tensor logits, Tensor? chosen, Tensor tokens, Tensor offsets, Tensor weights);
}
