using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Varies the number of experts, their size, and whether there is a shared expert, at a fixed number of active parameters. All
/// arms but the two that end in "router" have one router, the unnormalized sigmoid: a weight then depends on its own logit alone, and not
/// on how many experts there are or how many a token uses. The first weights of the chosen experts still grow with the number to choose
/// from, from about 0.5 to 0.9.</summary>
public sealed class ExpertNumberExperiment : Experiment
{
    /// <inheritdoc/>
    public override string Name => "expert-number";

    /// <inheritdoc/>
    public override string Question =>
        "At a fixed active size and with one router: what do more experts bring, what finer ones, and what a shared one? And what does " +
            "another router change?";

    /// <inheritdoc/>
    public override string Reference => "1 expert, top-1";

    /// <inheritdoc/>
    public override IReadOnlyList<ExperimentRun> Runs => ForSeeds(5, seed =>
    {
        const int full = SmallModels.Intermediate;
        ExperimentRun Arm(string arm, int experts, int topK, int width, int shared = 0, Routing? router = null) => new(
            arm,
            SmallModels.With(SmallModels.Dense(), new()
            {
                Experts = experts,
                TopK = topK,
                Expert = new(width, Activation.Silu, Gated: true),
                SharedExperts = shared,
                Routing = router ?? new SigmoidRouting { Normalize = false },
            }),
            SmallModels.Training(seed));
        return
        [
            Arm("1 expert, top-1", 1, 1, full),
            Arm("2 experts, top-1", 2, 1, full),
            Arm("8 experts, top-1", 8, 1, full),
            Arm("32 experts, top-1", 32, 1, full),
            Arm("finer by 2: 16 experts, top-2", 16, 2, full / 2),
            Arm("finer by 4: 32 experts, top-4", 32, 4, full / 4),
            Arm("finer by 8: 64 experts, top-8", 64, 8, full / 8),
            Arm("finer by 4, one shared: 31 experts, top-3", 31, 3, full / 4, 1),
            Arm("8 experts, top-1, Switch's router", 8, 1, full, router: new SwitchRouting()),
            Arm("finer by 4, Mixtral's router", 32, 4, full / 4, router: new TopKSoftmaxRouting()),
        ];
    });
}
