namespace Mezcla.Tensors;

/// <summary>Which of the two formulas for GELU is used.</summary>
public enum GeluForm
{
    /// <summary>The approximation by tanh, which GPT-2 uses.</summary>
    Tanh,

    /// <summary>x·Φ(x), with the error function.</summary>
    Exact,
}
