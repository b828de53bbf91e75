using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Trains without load balancing, and with each of the methods that prevent experts from collapsing.</summary>
public sealed class CollapseExperiment : Experiment
{
    /// <inheritdoc/>
    public override string Name => "collapse";

    /// <inheritdoc/>
    public override string Question =>
        "Do experts collapse when nothing balances them, what does each cure do to the load, and what to the loss?";

    /// <inheritdoc/>
    public override string Reference => "none";

    /// <inheritdoc/>
    public override IReadOnlyList<ExperimentRun> Runs => ForSeeds(5, seed =>
    {
        ExperimentRun Arm(string arm, Routing routing, BalanceConfig balance, int topK = 2) =>
            new(arm, SmallModels.Changed(SmallModels.Experts(8, topK), moe => moe with { Routing = routing, Balance = balance }),
                SmallModels.Training(seed));
        BalanceConfig none = BalanceConfig.None;
        return
        [
            Arm("none", new TopKSoftmaxRouting(), none),
            Arm("load-balancing loss 0.01", new TopKSoftmaxRouting(), none with { LoadBalancing = 0.01f }),
            Arm("z-loss 0.001", new TopKSoftmaxRouting(), none with { RouterZ = 0.001f }),
            Arm("switch top-1, none", new SwitchRouting(), none, 1),
            Arm("switch top-1, loss 0.01", new SwitchRouting(), none with { LoadBalancing = 0.01f }, 1),
            Arm("noisy top-k, none", new NoisyTopKRouting(), none),
            Arm("noisy top-k, importance and load 0.1", new NoisyTopKRouting(), none with { Importance = 0.1f, Load = 0.1f }),
            Arm("sigmoid, none", new SigmoidRouting(), none),
            Arm("sigmoid, loss-free bias 0.01", new SigmoidRouting(), none with { BiasUpdate = 0.01f }),
            Arm("expert choice (not causal)", new ExpertChoiceRouting(), none),
            Arm("hash", new HashRouting(), none),
            Arm("random", new RandomRouting(), none),
        ];
    });
}
