using Mezcla.Models;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Compares dense models with Mixtures of Experts at equal active parameters, total parameters, FLOPs or time.</summary>
public sealed class DenseOrExpertsExperiment : Experiment
{
    /// <inheritdoc/>
    public override string Name => "dense-or-experts";

    /// <inheritdoc/>
    public override string Question =>
        "Which is better, a dense model or a Mixture of Experts: at equal active parameters, equal total parameters, equal training " +
            "FLOPs, equal wall clock?";

    /// <inheritdoc/>
    public override string Reference => "dense";

    /// <inheritdoc/>
    public override IReadOnlyList<ExperimentRun> Runs => ForSeeds(Seeds, seed =>
    {
        TransformerConfig dense = SmallModels.Dense(), moe = SmallModels.Experts(), wide = SmallModels.Dense(SmallModels.Intermediate * 4);
        return
        [
            new("dense", dense, SmallModels.Training(seed)),
            new("experts, equal active parameters", moe, SmallModels.Training(seed)),
            new("experts, equal FLOPs", moe, SmallModels.Training(seed, SmallModels.EqualFlops(moe, dense))),
            new("experts, equal wall clock", moe, SmallModels.Training(seed)) { AsLongAs = dense },
            new("dense, total parameters of the experts", wide, SmallModels.Training(seed)),
            new("dense, their total at equal FLOPs", wide, SmallModels.Training(seed, SmallModels.EqualFlops(wide, dense))),
        ];
    });
}
