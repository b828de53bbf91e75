namespace Mezcla.Layers;

/// <summary>
/// What one forward pass carries through the layers besides activations: whether it is training, the cache of a generation, the losses that
/// layers add, and the observer of the routing. The layers themselves store none of this.
/// </summary>
public sealed class ForwardContext
{
    /// <summary>Whether dropout and router noise are applied.</summary>
    public bool Training { get; init; }

    /// <summary>The random numbers for dropout and router noise; needed only in training.</summary>
    public RandomStream? Random { get; init; }

    /// <summary>Keys and values of the tokens before; null to compute a sequence from its start.</summary>
    public KeyValueCache? Cache { get; init; }

    /// <summary>An observer that is told what each Mixture of Experts decided; null for none.</summary>
    public IRoutingObserver? Routing { get; init; }

    /// <summary>The processes that compute the other rows of the batch; null if there are none.</summary>
    public IPeers? Peers { get; init; }

    /// <summary>The token ids of this pass, Int32 [batch, time]. The model sets them; hash routing reads them.</summary>
    public Tensor? TokenIds { get; set; }

    /// <summary>Whether only the logits of the last position are wanted, as in generation.</summary>
    public bool LastPositionOnly { get; init; }

    /// <summary>Losses that layers add to the cross-entropy, already weighted.</summary>
    public List<Tensor> AuxiliaryLosses { get; } = [];

    /// <summary>Position of the first token of this pass.</summary>
    public int StartPosition => Cache?.Length ?? 0;

    /// <summary>
    /// Applies dropout with probability <paramref name="probability"/> in training; otherwise returns <paramref name="x"/> unchanged.
    /// </summary>
    /// <exception cref="InvalidOperationException">Training with dropout, but no <see cref="Random"/>.</exception>
    public Tensor Dropout(Tensor x, float probability)
    {
        if (!Training || probability == 0)
            return x;
        return x.Dropout(probability, Random ?? throw new InvalidOperationException("Dropout in training needs ForwardContext.Random."));
    }
}
