using System.Text.Json.Serialization;

namespace Mezcla.MixtureOfExperts;

/// <summary>How tokens and experts are matched. Each kind is a record with its own settings, in its own file with its equation.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TopKSoftmaxRouting), "top-k-softmax")]
[JsonDerivedType(typeof(SoftmaxTopKRouting), "softmax-top-k")]
[JsonDerivedType(typeof(SoftMixtureRouting), "soft-mixture")]
[JsonDerivedType(typeof(NoisyTopKRouting), "noisy-top-k")]
[JsonDerivedType(typeof(GShardRouting), "gshard")]
[JsonDerivedType(typeof(SwitchRouting), "switch")]
[JsonDerivedType(typeof(SigmoidRouting), "sigmoid")]
[JsonDerivedType(typeof(ExpertChoiceRouting), "expert-choice")]
[JsonDerivedType(typeof(HashRouting), "hash")]
[JsonDerivedType(typeof(RandomRouting), "random")]
[JsonDerivedType(typeof(SparseMixerRouting), "sparse-mixer")]
public abstract record Routing
{
    /// <summary>
    /// Whether the gradient of the loss reaches the router where each token is sent to this many experts. Weights that are normalized over
    /// one expert are always 1, so no change of the router changes them.
    /// </summary>
    public virtual bool RouterLearns(int chosen) => true;

    /// <summary>Makes the router of one layer.</summary>
    /// <param name="experts">The configuration of the layer's Mixture of Experts.</param>
    /// <param name="hiddenSize">Width of a token's vector.</param>
    /// <param name="vocabularySize">Number of token ids, which hash routing needs; 0 if unknown.</param>
    /// <param name="initialization">How its weights are drawn.</param>
    internal abstract Router Create(MixtureOfExpertsConfig experts, int hiddenSize, int vocabularySize, Initialization initialization);
}
