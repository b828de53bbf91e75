namespace Mezcla.Layers;

/// <summary>A feed-forward network: two matrices, or three if <paramref name="Gated"/>.</summary>
/// <param name="IntermediateSize">Width between the matrices.</param>
/// <param name="Activation">The nonlinearity.</param>
/// <param name="Gated">Whether the activated half is multiplied by a second linear half (SwiGLU, GeGLU; Shazeer 2020).</param>
/// <param name="Bias">Whether the matrices have biases.</param>
public sealed record FeedForwardConfig(int IntermediateSize, Activation Activation = Activation.GeluTanh, bool Gated = false,
    bool Bias = false);
