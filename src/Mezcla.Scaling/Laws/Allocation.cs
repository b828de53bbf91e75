namespace Mezcla.Scaling.Laws;

/// <summary>How a compute budget is split between a model's size and its data.</summary>
/// <param name="Compute">Training compute in FLOPs.</param>
/// <param name="Parameters">Model size, N.</param>
/// <param name="Tokens">Training tokens, D.</param>
/// <param name="Loss">The loss that the law predicts, in nats per token; null if the law does not predict a loss.</param>
public sealed record Allocation(double Compute, double Parameters, double Tokens, double? Loss = null)
{
    /// <summary>D/N: about 20 for Chinchilla, 1.7 for GPT-3.</summary>
    public double TokensPerParameter => Tokens / Parameters;
}

/// <summary>A law that says how to spend training compute.</summary>
public interface IAllocationLaw
{
    /// <summary>What the law is called.</summary>
    string Name { get; }

    /// <summary>The paper, the equation, and what was recomputed.</summary>
    string Source { get; }

    /// <summary>The best size and number of tokens for <paramref name="compute"/> FLOPs.</summary>
    Allocation Optimal(double compute);
}

/// <summary>A law that predicts the loss of a dense model from its size and data.</summary>
public interface ILossLaw : IAllocationLaw
{
    /// <summary>Loss in nats per token of a model of <paramref name="parameters"/> trained on <paramref name="tokens"/>.</summary>
    double Evaluate(double parameters, double tokens);
}
