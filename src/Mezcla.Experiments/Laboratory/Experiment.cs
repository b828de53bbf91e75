using Mezcla.Experiments.Observation;
using Mezcla.Models;

namespace Mezcla.Experiments.Laboratory;

/// <summary>A question and the trainings that answer it. Everyone who runs an experiment runs the same trainings.</summary>
public abstract class Experiment
{
    /// <summary>The seeds with which every arm is trained.</summary>
    protected const int Seeds = 3;

    /// <summary>All experiments, in the order of the course.</summary>
    public static IReadOnlyList<Experiment> All { get; } =
        [new CollapseExperiment(), new DenseOrExpertsExperiment(), new TopicsExperiment(), new ExpertNumberExperiment(),
            new CapacityExperiment(), new UpcyclingExperiment()];

    /// <summary>The name of the experiment, which is also the name of its file of records.</summary>
    public abstract string Name { get; }

    /// <summary>The question.</summary>
    public abstract string Question { get; }

    /// <summary>The arm that the others are compared with.</summary>
    public abstract string Reference { get; }

    /// <summary>The trainings, ordered by seed, so that an experiment that is stopped early has all arms for its first seeds.</summary>
    public abstract IReadOnlyList<ExperimentRun> Runs { get; }

    /// <summary>Reads the texts.</summary>
    public virtual ExperimentData LoadData() => ExperimentData.English();

    /// <summary>Further measurements at the end of a run, by name.</summary>
    internal virtual IReadOnlyDictionary<string, double> Measure(Transformer model, ExperimentData data) =>
        new Dictionary<string, double>();

    /// <summary>The experiment called <paramref name="name"/>.</summary>
    /// <exception cref="ArgumentException">No experiment has this name; the message lists the names that exist.</exception>
    public static Experiment Named(string name) => All.FirstOrDefault(e => e.Name == name)
        ?? throw new ArgumentException(
            $"There is no experiment '{name}'. The experiments are: {string.Join(", ", All.Select(e => e.Name))}.", nameof(name));

    private protected static IReadOnlyList<ExperimentRun> ForSeeds(int seeds, Func<ulong, IEnumerable<ExperimentRun>> arms) =>
        [.. Enumerable.Range(1, seeds).SelectMany(seed => arms((ulong)seed))];
}
