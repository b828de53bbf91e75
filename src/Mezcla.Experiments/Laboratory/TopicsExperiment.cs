using Mezcla.Experiments.Observation;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Experiments.Laboratory;

/// <summary>Measures whether experts specialise by topic or by token.</summary>
public sealed class TopicsExperiment : Experiment
{
    private const int Vocabulary = 512;

    /// <inheritdoc/>
    public override string Name => "topics";

    /// <inheritdoc/>
    public override string Question =>
        "Is there an expert for English, one for Spanish, one for C#, one for arithmetic? How much of the choice follows from the " +
            "domain, and how much from the token?";

    /// <inheritdoc/>
    public override string Reference => "balanced";

    /// <inheritdoc/>
    public override ExperimentData LoadData() => ExperimentData.FourDomains();

    /// <inheritdoc/>
    public override IReadOnlyList<ExperimentRun> Runs => ForSeeds(Seeds, seed =>
    {
        ExperimentRun Arm(string arm, Routing routing, BalanceConfig balance, int steps = 800) => new(
            arm, SmallModels.Changed(SmallModels.Experts(8, 2, Vocabulary), moe => moe with { Routing = routing, Balance = balance }),
            SmallModels.Training(seed, steps));
        return
        [
            Arm("balanced", new TopKSoftmaxRouting(), new()),
            Arm("no balance", new TopKSoftmaxRouting(), BalanceConfig.None),
            Arm("sigmoid, loss-free bias 0.01", new SigmoidRouting(), BalanceConfig.None with { BiasUpdate = 0.01f }),
            Arm("after one step", new TopKSoftmaxRouting(), new(), 1),
            Arm("hash", new HashRouting(), BalanceConfig.None),
            Arm("random", new RandomRouting(), BalanceConfig.None),
        ];
    });

    internal override IReadOnlyDictionary<string, double> Measure(Transformer model, ExperimentData data)
    {
        var observed = ObservedRouting.Of(model, data.Mixture!);
        var measures = new Dictionary<string, double>();
        foreach (LayerSpecialization layer in Specialization.Of(observed).Layers)
        {
            measures[$"expert by token, block {layer.Layer}"] = layer.Token;
            measures[$"expert by domain, block {layer.Layer}"] = layer.Domain;
            measures[$"expert by domain, token known, block {layer.Layer}"] = layer.DomainGivenToken;
        }

        foreach (LayerRepetition layer in Repetition.Of(observed).Layers)
        {
            measures[$"repeats, block {layer.Layer}"] = layer.First;
            measures[$"repeats by chance, block {layer.Layer}"] = layer.FirstByChance;
        }

        return measures.ToDictionary(m => m.Key, m => Math.Round(m.Value, 5));
    }
}
