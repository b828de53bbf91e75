using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>The losses that keep experts in use, as plain functions of what a router computed.</summary>
public static class BalanceLosses
{
    /// <summary>
    /// E·Σᵢ fᵢ·Pᵢ with fᵢ the share of the choices that went to expert i and Pᵢ the mean probability it got (Switch Transformer, eq. 4-6, for any k).
    /// 1 when both are uniform, E when all choices go to one expert. Gradients flow through P only: counting has none.
    /// </summary>
    /// <param name="probabilities">[N, E].</param>
    /// <param name="chosen">Int32, any shape: the chosen expert of every choice.</param>
    public static Tensor LoadBalancing(Tensor probabilities, Tensor chosen)
    {
        var experts = probabilities.Size(1);
        var shares = chosen.CountByIndex(experts) / chosen.Count;
        return (shares * probabilities.Mean(0)).Sum() * experts;
    }

    /// <summary>The mean of log²Σexp over the logits [N, E] (ST-MoE, eq. 5): keeps them small, so that float32 and bfloat16 stay exact enough.</summary>
    public static Tensor RouterZ(Tensor logits) => logits.LogSumExp(-1).Square().Mean();

    /// <summary>The squared coefficient of variation of each expert's sum over tokens of <paramref name="values"/> [N, E] (Shazeer et al. 2017, eq. 6-7).</summary>
    public static Tensor SquaredVariation(Tensor values)
    {
        var sums = values.Sum(0);
        var mean = sums.Mean();
        return (sums - mean).Square().Mean() / (mean.Square() + 1e-10f);
    }
}
