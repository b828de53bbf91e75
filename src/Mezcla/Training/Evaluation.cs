using Mezcla.Models;

namespace Mezcla.Training;

/// <summary>Measures how well a model predicts text that it was not trained on.</summary>
public static class Evaluation
{
    /// <summary>
    /// Mean nats per token over <paramref name="batches"/> held-out batches, drawn the same way every time. With
    /// <paramref name="peers"/>, each process computes its share of each batch, and all get the mean.
    /// </summary>
    public static double CrossEntropy(LanguageModel model, TokenBatches data, int batchSize, int sequenceLength, int batches,
        ITrainingPeers? peers = null)
    {
        var random = new RandomStream(0);
        var (sum, count) = (0.0, 0L);
        using var noGrad = new NoGrad();
        for (var i = 0; i < batches; i++)
        {
            using var scope = new TensorScope();
            var batch = data.NextValidation(random, batchSize, sequenceLength);
            count += batch.CountedLabels;
            batch = batch.Share(peers);
            var loss = model.Loss(batch.Inputs, batch.Labels, new ForwardContext { Peers = peers });
            sum += batch.CountedLabels == 0 ? 0 : loss.CrossEntropy.Item() * (double)batch.CountedLabels;
        }

        return (peers?.Sum(sum) ?? sum) / count;
    }

    /// <summary>
    /// Mean nats per token of a whole text. Every token after the first is predicted once, from at most a context of tokens before it.
    /// </summary>
    /// <exception cref="ArgumentException">There are fewer than two tokens.</exception>
    public static double CrossEntropy(LanguageModel model, ReadOnlySpan<int> ids)
    {
        if (ids.Length < 2)
            throw new ArgumentException("At least two tokens are needed.", nameof(ids));
        var context = model.ContextLength;
        var sum = 0.0;
        using var noGrad = new NoGrad();
        for (var start = 0; start < ids.Length - 1; start += context)
        {
            using var scope = new TensorScope();
            var length = Math.Min(context, ids.Length - 1 - start);
            var inputs = Tensor.From(ids.Slice(start, length), 1, length).To(model.Device);
            var labels = Tensor.From(ids.Slice(start + 1, length), 1, length).To(model.Device);
            sum += model.Loss(inputs, labels).CrossEntropy.Item() * (double)length;
        }

        return sum / (ids.Length - 1);
    }

    /// <summary>Perplexity, exp of the cross-entropy: the number of equally likely tokens that would be as hard to predict.</summary>
    public static double PerplexityOf(LanguageModel model, ReadOnlySpan<int> ids) => Math.Exp(CrossEntropy(model, ids));
}
