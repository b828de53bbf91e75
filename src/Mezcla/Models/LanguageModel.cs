namespace Mezcla.Models;

/// <summary>A model that gives every token of its vocabulary a logit as the next, and can be trained by gradients.</summary>
public abstract class LanguageModel : Module
{
    /// <summary>Number of token ids.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Longest sequence, in tokens.</summary>
    public abstract int ContextLength { get; }

    /// <summary>Where the weights are.</summary>
    public abstract Device Device { get; }

    /// <summary>Int32 [batch, time], on any device → the logit of every token as the next, [batch, time, V], on the model's.</summary>
    public abstract Tensor Logits(Tensor ids, ForwardContext? context = null);

    /// <summary>
    /// The mean cross-entropy in nats of <paramref name="labels"/> (Int32 [batch, time]; -100 is
    /// ignored) under the model, and the losses that its layers add in training.
    /// </summary>
    public TrainingLoss Loss(Tensor ids, Tensor labels, ForwardContext? context = null)
    {
        context ??= new ForwardContext();
        // Nobody else holds the logits, so their gradient can take their memory.
        using var logits = Logits(ids, context);
        using var rows = logits.Reshape(-1, VocabularySize);
        var crossEntropy = rows.CrossEntropy(labels.To(Device).Reshape(-1));
        var total = crossEntropy;
        foreach (var loss in context.AuxiliaryLosses)
            total += loss;
        return new(total, crossEntropy);
    }

    /// <summary>Adjusts what is adjusted after an optimizer step and not by gradients, such as a routing bias.</summary>
    public virtual void AfterStep() { }
}

/// <summary>A loss in training.</summary>
/// <param name="Total">What is minimised: the cross-entropy and everything that layers add.</param>
/// <param name="CrossEntropy">Nats per token.</param>
public readonly record struct TrainingLoss(Tensor Total, Tensor CrossEntropy);
