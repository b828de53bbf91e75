namespace Mezcla.MixtureOfExperts;

/// <summary>The part of a Mixture of Experts that decides which expert computes which token.</summary>
public abstract class Router : Module
{
    /// <summary>Makes a router for the given Mixture of Experts.</summary>
    private protected Router(MixtureOfExpertsConfig experts) => Config = experts;

    /// <summary>The configuration of its Mixture of Experts.</summary>
    protected MixtureOfExpertsConfig Config { get; }

    /// <summary>Assigns tokens [N, d] to experts.</summary>
    internal abstract RoutingDecision Route(Tensor tokens, ForwardContext context);

    /// <summary>Updates state that is not trained by gradients, such as a loss-free bias, after an optimizer step.</summary>
    internal virtual void AfterStep() { }
}
