namespace Mezcla.Models;

/// <summary>A model that predicts the next token: it gives each token of its vocabulary a logit. It can be trained by gradients.</summary>
public abstract class LanguageModel : Module
{
    /// <summary>Number of token ids.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Longest sequence, in tokens.</summary>
    public abstract int ContextLength { get; }

    /// <summary>The device that holds the weights.</summary>
    public abstract Device Device { get; }

    /// <summary>
    /// Token ids, Int32 [batch, time], on any device → the logits of the next token, [batch, time, V], on the model's device.
    /// </summary>
    public abstract Tensor Logits(Tensor ids, ForwardContext? context = null);

    /// <summary>
    /// The mean cross-entropy, in nats, of <paramref name="labels"/> (Int32 [batch, time]; -100 is ignored), and
    /// the losses that the layers add in training.
    /// </summary>
    public TrainingLoss Loss(Tensor ids, Tensor labels, ForwardContext? context = null)
    {
        context ??= new ForwardContext();
        // Nobody else holds the logits, so their gradient can overwrite them.
        using var logits = Logits(ids, context);
        using var rows = logits.Reshape(-1, VocabularySize);
        var crossEntropy = rows.CrossEntropy(labels.To(Device).Reshape(-1));
        var total = crossEntropy;
        foreach (var loss in context.AuxiliaryLosses)
            total += loss;
        return new(total, crossEntropy);
    }

    /// <summary>Updates state that is not trained by gradients, such as a routing bias, after an optimizer step.</summary>
    public virtual void AfterStep() { }
}

/// <summary>The loss of a training step.</summary>
/// <param name="Total">The minimised loss: the cross-entropy plus all losses that layers add.</param>
/// <param name="CrossEntropy">Nats per token.</param>
public readonly record struct TrainingLoss(Tensor Total, Tensor CrossEntropy);
