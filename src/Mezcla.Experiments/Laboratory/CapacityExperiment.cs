using System.Globalization;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Measures the effect of the capacity factor on dropped tokens and loss, and the effects of the router's precision and of the
/// z-loss.</summary>
public sealed class CapacityExperiment : Experiment
{
    /// <inheritdoc/>
    public override string Name => "capacity";

    /// <inheritdoc/>
    public override string Question =>
        "How many tokens does a capacity factor drop, and what does that cost? Does the router need float32, and does the z-loss help " +
            "one in bfloat16?";

    /// <inheritdoc/>
    public override string Reference => "dropless";

    /// <inheritdoc/>
    public override IReadOnlyList<ExperimentRun> Runs => ForSeeds(Seeds, seed =>
    {
        ExperimentRun Arm(string arm, Func<MixtureOfExpertsConfig, MixtureOfExpertsConfig> change) =>
            new(arm, SmallModels.Changed(SmallModels.Experts(), change), SmallModels.Training(seed));
        ExperimentRun Capacity(double factor, DropPolicy policy = DropPolicy.FirstCome, bool renormalize = false, string suffix = "") =>
            Arm(string.Create(CultureInfo.InvariantCulture, $"capacity {factor:0.##}{suffix}"),
                moe => moe with { Capacity = new(factor, policy, renormalize) });
        MixtureOfExpertsConfig Z(MixtureOfExpertsConfig moe) => moe with { Balance = moe.Balance with { RouterZ = 0.001f } };
        return
        [
            Arm("dropless", moe => moe),
            Capacity(0.5), Capacity(0.75), Capacity(1), Capacity(1.25), Capacity(1.5), Capacity(2),
            Capacity(0.75, DropPolicy.ByWeight, suffix: ", by weight"),
            Capacity(0.75, renormalize: true, suffix: ", renormalized"),
            Arm("dropless, z-loss 0.001", Z),
            Arm("dropless, bfloat16 router", moe => moe with { RouterPrecision = DType.BFloat16 }),
            Arm("dropless, bfloat16 router, z-loss 0.001", moe => Z(moe) with { RouterPrecision = DType.BFloat16 }),
        ];
    });
}
