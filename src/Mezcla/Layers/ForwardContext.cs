namespace Mezcla.Layers;

/// <summary>
/// What one forward pass carries through the layers besides activations: whether it is training, the cache of a generation,
/// the losses that layers add, and who watches the routing. Layers hold no such state themselves.
/// </summary>
public sealed class ForwardContext
{
    /// <summary>Whether dropout and router noise are on.</summary>
    public bool Training { get; init; }

    /// <summary>Where dropout and router noise draw from; needed only in training.</summary>
    public RandomStream? Random { get; init; }

    /// <summary>Keys and values of the tokens before; null to compute a sequence from its start.</summary>
    public KeyValueCache? Cache { get; init; }

    /// <summary>Is told what each Mixture of Experts decided; null to observe nothing.</summary>
    public IRoutingObserver? Routing { get; init; }

    /// <summary>The token ids of this pass, Int32 [batch, time], which hash routing reads; the model sets them.</summary>
    public Tensor? TokenIds { get; set; }

    /// <summary>Whether only the logits of the last position are wanted, as in generation.</summary>
    public bool LastPositionOnly { get; init; }

    /// <summary>Losses that layers add to the cross-entropy, already weighted.</summary>
    public List<Tensor> AuxiliaryLosses { get; } = [];

    /// <summary>Position of the first token of this pass.</summary>
    public int StartPosition => Cache?.Length ?? 0;

    /// <summary>Drops activations with probability <paramref name="probability"/>
    /// where training, else returns <paramref name="x"/>.</summary>
    /// <exception cref="InvalidOperationException">Training with dropout, but no <see cref="Random"/>.</exception>
    public Tensor Dropout(Tensor x, float probability)
    {
        if (!Training || probability == 0)
            return x;
        return x.Dropout(probability, Random ?? throw new InvalidOperationException("Dropout in training needs ForwardContext.Random."));
    }
}
