using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Varies the number of experts, their size, and whether there is a shared expert, at a fixed number of active
/// parameters.</summary>
public sealed class ExpertNumberExperiment : Experiment
{
    /// <inheritdoc/>
    public override string Name => "expert-number";

    /// <inheritdoc/>
    public override string Question => "At a fixed active size: what do more experts bring, what finer ones, and what a shared one?";

    /// <inheritdoc/>
    public override string Reference => "1 expert, top-1";

    /// <inheritdoc/>
    public override IReadOnlyList<ExperimentRun> Runs => ForSeeds(Seeds, seed =>
    {
        ExperimentRun Arm(string arm, int experts, int topK, int width, int shared = 0) => new(
            arm,
            SmallModels.With(SmallModels.Dense(), new()
            {
                Experts = experts,
                TopK = topK,
                Expert = new(width, Activation.Silu, Gated: true),
                SharedExperts = shared,
                Routing = topK == 1 ? new SwitchRouting() : new TopKSoftmaxRouting(),
            }),
            SmallModels.Training(seed));
        return
        [
            .. new[] { 1, 2, 4, 8, 16,
                32 }.Select(experts => Arm($"{experts} expert{(experts > 1 ? "s" : "")}, top-1", experts, 1, SmallModels.Intermediate)),
            Arm("finer by 2: 16 experts, top-2", 16, 2, SmallModels.Intermediate / 2),
            Arm("finer by 4: 32 experts, top-4", 32, 4, SmallModels.Intermediate / 4),
            Arm("finer by 4, one shared: 31 experts, top-3", 31, 3, SmallModels.Intermediate / 4, 1),
            Arm("finer by 8: 64 experts, top-8", 64, 8, SmallModels.Intermediate / 8),
        ];
    });
}
