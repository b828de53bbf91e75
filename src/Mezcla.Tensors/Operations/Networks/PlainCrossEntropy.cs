namespace Mezcla.Tensors;

/// <summary>
/// Cross-entropy, written as in the formula: the mean of -ln p over the labels, where p is the probability that the model gives to the
/// label. <see cref="TensorOperations.CrossEntropy"/> gives the same results without a table of all probabilities, and can skip labels.
/// </summary>
public static class PlainCrossEntropy
{
    /// <summary>The mean negative log-likelihood of the labels, in nats.</summary>
    /// <param name="logits">Scores of all classes [..., classes].</param>
    /// <param name="labels">The right class of each row, Int32 [...].</param>
    /// <returns>A scalar.</returns>
    public static Tensor Forward(Tensor logits, Tensor labels)
    {
        var logProbabilities = logits.LogSoftmax();
        return -logProbabilities.Gather(-1, labels.Unsqueeze(-1)).Mean();
    }
}
