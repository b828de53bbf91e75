namespace Mezcla.Tensors;

/// <summary>Which of the two formulas that go by the name GELU.</summary>
public enum GeluForm
{
    /// <summary>The approximation by tanh, which GPT-2 uses.</summary>
    Tanh,

    /// <summary>x·Φ(x), with the error function.</summary>
    Exact,
}
