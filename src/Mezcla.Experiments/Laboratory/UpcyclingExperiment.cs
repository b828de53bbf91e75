using Mezcla.Models;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Compares upcycling a trained dense model with training experts from scratch.</summary>
public sealed class UpcyclingExperiment : Experiment
{
    /// <inheritdoc/>
    public override string Name => "upcycling";

    /// <inheritdoc/>
    public override string Question =>
        "A dense model is trained. Is further compute best spent on it, on experts upcycled from it, or on experts from scratch?";

    /// <inheritdoc/>
    public override string Reference => "dense, continued";

    /// <inheritdoc/>
    public override IReadOnlyList<ExperimentRun> Runs => ForSeeds(Seeds, seed =>
    {
        TransformerConfig dense = SmallModels.Dense();
        // Each expert is a copy of the whole dense network and each token uses two experts, so the same compute gives fewer steps.
        TransformerConfig moe = SmallModels.With(dense, new() { Experts = 8, TopK = 2, Expert = dense.FeedForward });
        var start = new DenseStart(dense, SmallModels.Training(seed));
        int extra = SmallModels.EqualFlops(moe, dense), all = SmallModels.EqualFlops(moe, dense, 2 * SmallModels.Steps);
        return
        [
            new("dense, continued", dense, SmallModels.Training(seed)) { Start = start },
            new("experts, upcycled", moe, SmallModels.Training(seed, extra)) { Start = start },
            new("experts from scratch, the extra compute", moe, SmallModels.Training(seed, extra)),
            new("experts from scratch, all the compute", moe, SmallModels.Training(seed, all)),
        ];
    });
}
