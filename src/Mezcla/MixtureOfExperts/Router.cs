namespace Mezcla.MixtureOfExperts;

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
