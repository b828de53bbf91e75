namespace Mezcla.Layers;

/// <summary>The nonlinearity of a feed-forward network.</summary>
public enum Activation
{
    /// <summary>x·Φ(x), exact.</summary>
    Gelu,

    /// <summary>The tanh approximation of GELU that GPT-2 uses.</summary>
    GeluTanh,

    /// <summary>x·σ(x); gated, it makes SwiGLU.</summary>
    Silu,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>
    /// gpt-oss' form of SwiGLU, gated only: g·σ(1.702·g)·(u + 1), where the activated half g is at most 7 and the linear half u is between
    /// -7 and 7.
    /// </summary>
    ClampedSwiGlu,
}
