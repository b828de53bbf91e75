namespace Mezcla.Training;

/// <summary>The processes that train one model together, each on its share of every batch (data parallel).</summary>
public interface ITrainingPeers : IPeers
{
    /// <summary>Tells that the gradient of a parameter is complete in this process, so that it may be added to those of the others while
    /// the backward pass goes on.</summary>
    void Complete(Tensor parameter);

    /// <summary>
    /// Adds up over all processes the gradients and the losses, and measures the norm of all gradients together. Afterwards each process
    /// has the gradients of the whole batch.
    /// </summary>
    /// <param name="parameters">The parameters of this process.</param>
    /// <param name="maxNorm">The largest norm allowed; infinity for no bound.</param>
    /// <param name="losses">Single numbers, each the share of this process.</param>
    /// <returns>As <see cref="Gradients.Measure"/> returns it: the summed losses, the norm, the factor that reduces it.</returns>
    Tensor Measure(IReadOnlyList<Tensor> parameters, float maxNorm, IReadOnlyList<Tensor> losses);

    /// <summary>The sum over all processes of single numbers, in a fixed order.</summary>
    double Sum(double value);

    /// <summary>What crossed between the processes since the last call.</summary>
    Traffic Traffic();
}

/// <summary>What crossed between the processes of a training in one step.</summary>
/// <param name="Bytes">Bytes sent by all processes together.</param>
/// <param name="Seconds">Seconds in which the process that waited longest waited for others and for its bytes.</param>
/// <param name="Imbalance">Where experts are spread over processes: the most rows that the experts of one process computed, divided by
/// the mean over the processes; 1 if all had the same.</param>
public sealed record Traffic(long Bytes, double Seconds, double? Imbalance = null)
{
    /// <summary>Of the bytes, those that crossed between tokens and experts; null if the experts are not spread over processes.</summary>
    public long? ExpertBytes { get; init; }

    /// <summary>The rows that the experts of each process computed, by its number; null if the experts are not spread.</summary>
    public IReadOnlyList<long>? Rows { get; init; }

    /// <summary>The seconds in which each process waited, by its number.</summary>
    public IReadOnlyList<double>? Waited { get; init; }
}
