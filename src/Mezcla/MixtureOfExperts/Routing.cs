using System.Text.Json.Serialization;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.MixtureOfExperts;

/// <summary>How tokens and experts find each other. Each kind is a record with its own settings, in a file with its equation.</summary>
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
public abstract record Routing
{
    /// <summary>Makes the router of one layer.</summary>
    internal abstract Router Create(TransformerConfig config, RandomStream random, float deviation);
}

/// <summary>The part of a Mixture of Experts that decides which expert computes which token.</summary>
public abstract class Router : Module
{
    /// <summary>A router of the given Mixture of Experts.</summary>
    private protected Router(MixtureOfExpertsConfig experts) => Config = experts;

    /// <summary>The Mixture of Experts it serves.</summary>
    protected MixtureOfExpertsConfig Config { get; }

    /// <summary>Decides for tokens [N, d].</summary>
    internal abstract RoutingDecision Route(Tensor tokens, ForwardContext context);

    /// <summary>Adjusts what is adjusted after an optimizer step, such as a loss-free bias.</summary>
    internal virtual void AfterStep() { }
}

/// <summary>A router whose scores are one linear map of the token: E·d weights, and that is all that decides (Shazeer et al. 2017, eq. 3).</summary>
public abstract class LinearRouter : Router
{
    private protected LinearRouter(TransformerConfig config, RandomStream random, float deviation)
        : base(config.MixtureOfExperts!) =>
        Gate = Child("gate", Config.RouterPrecision == DType.Float32
            ? new Linear(config.HiddenSize, Config.Experts, Config.RouterBias, random, deviation)
            : new LowPrecisionLinear(config.HiddenSize, Config.Experts, Config.RouterBias, random, deviation, Config.RouterPrecision), linear => Gate = linear);

    /// <summary>W_g [E, d].</summary>
    public Linear Gate { get; private set; }

    /// <summary>The logits [N, E] of tokens [N, d], in float32 whatever the tokens are; with a router of <see cref="MixtureOfExpertsConfig.RouterPrecision"/> bfloat16, rounded to it at each end.</summary>
    private protected Tensor Scores(Tensor tokens) => Gate.Forward(tokens);
}
